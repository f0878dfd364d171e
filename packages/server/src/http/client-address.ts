import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Whom limits per address count: behind a trusted proxy the last address it appended to `X-Forwarded-For`, because all
 * before it is the client's own word. An IPv6 client has a whole /64, so that is what counts.
 */
export function clientAddress(request: IncomingMessage, trustedProxy: boolean): string {
  const direct = request.socket.remoteAddress ?? 'unknown'
  const forwarded = trustedProxy ? lastForwarded(request.headers['x-forwarded-for']) : undefined
  const address = (forwarded ?? direct).replace(/^::ffff:(?=[0-9.]+$)/i, '')
  return isIP(address) === 6 ? networkOf(address) : address
}

function lastForwarded(header: string | string[] | undefined): string | undefined {
  const last = (Array.isArray(header) ? header.at(-1) : header)?.split(',').at(-1)?.trim()
  return last !== undefined && isIP(last) !== 0 ? last : undefined
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
