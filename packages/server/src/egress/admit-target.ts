import { ParleyError } from '@parley/contract'
import { classifyAddress } from './classify-address.ts'
import { isOwnListener } from './own-listeners.ts'
import type { OwnListener } from './own-listeners.ts'

/** A host and port that an administrator typed; it admits a non-global address behind exactly them. */
export interface Allowance {
  /** As a URL spells it: lower case, IPv6 in brackets. */
  readonly host: string
  readonly port: number
  /** For the log: `server:github`. */
  readonly reason: string
}

/** Where an outlet leads, read once from its URL. */
export interface Target {
  readonly origin: string
  readonly host: string
  readonly port: number
  readonly allowance: Allowance | undefined
}

export interface TargetRules {
  /** Ports of targets that no administrator typed. */
  readonly discoveredPorts: readonly number[]
  readonly ownListeners: () => readonly OwnListener[]
  readonly isActive: (allowance: Allowance) => boolean
}

/** The same words whatever the reason, so that a caller cannot learn what stands behind an address. */
export function refusedTarget(detail: string): ParleyError {
  return new ParleyError('egress_refused', 'Parley does not connect to this address.', { detail })
}

/**
 * Reads a URL into a target.
 * @throws ParleyError `egress_refused` for anything but http(s) without user info, an allowance for another host or
 * port, or, without allowance, a port that is not open to discovered URLs.
 */
export function readTarget(text: string, allowance: Allowance | undefined, rules: TargetRules): Target {
  const url = URL.parse(text)
  if (!url) throw refusedTarget('not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refusedTarget(`scheme ${url.protocol}`)
  if (url.username !== '' || url.password !== '') throw refusedTarget('user info in the URL')
  const port = portOf(url)
  if (allowance) {
    if (!rules.isActive(allowance)) throw refusedTarget('the allowance was removed')
    if (allowance.host !== url.hostname || allowance.port !== port) {
      throw refusedTarget(`the allowance is for ${allowance.host}:${allowance.port}, not ${url.host}`)
    }
  } else if (!rules.discoveredPorts.includes(port)) {
    throw refusedTarget(`port ${port}`)
  }
  return Object.freeze({ origin: url.origin, host: url.hostname, port, allowance })
}

/** The port of an http(s) URL, its scheme's own when it names none. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

/** Why a connection of `target` to this address is refused; undefined when it may be made. */
export function refuseAddress(address: string, target: Target, rules: TargetRules): string | undefined {
  const kind = classifyAddress(address)
  if (kind === 'metadata' || kind === 'special') return `${address} is a ${kind} address`
  if (isOwnListener(address, target.port, rules.ownListeners()))
    return `${address}:${target.port} is the hub itself`
  if (kind === 'global') return undefined
  if (!target.allowance) return `${address} is not a global address`
  return rules.isActive(target.allowance) ? undefined : 'the allowance was removed'
}
