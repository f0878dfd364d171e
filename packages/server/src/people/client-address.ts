import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * Whose tries count together: an IPv4 address, or the 64 bits that an IPv6 site is given. Behind a proxy it is the address the
 * proxy added last; undefined when it added none, because the proxy's own would be everybody's.
 */
export function clientAddress(request: IncomingMessage, trustedProxy: boolean): string | undefined {
  const address = trustedProxy ? forwardedFor(request) : request.socket.remoteAddress
  if (address === undefined) return undefined
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  return isIPv6(bare) ? `${expand(bare).slice(0, 4).join(':')}::/64` : bare
}

function forwardedFor(request: IncomingMessage): string | undefined {
  const header = request.headers['x-forwarded-for']
  const text = Array.isArray(header) ? header.join(',') : header
  const last = text?.slice(text.lastIndexOf(',') + 1).trim()
  return last === undefined || last === '' || last.length > 64 ? undefined : last
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('%')[0]!.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  return [
    ...left,
    ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'),
    ...right,
  ]
}
