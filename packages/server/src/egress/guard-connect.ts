import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { LookupAddress, LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import { refuseAddress, refusedTarget } from './admit-target.ts'
import type { Target, TargetRules } from './admit-target.ts'

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

/** The system's resolver, every address of the name. */
export function resolveHost(host: string): Promise<readonly LookupAddress[]> {
  return lookup(host, { all: true })
}

/**
 * Opens sockets of one target, guarded three times: a literal address is judged before anything is sent (undici
 * never looks literals up), a name leads only to the addresses that may be reached, and the connected socket is
 * judged again before a byte of the request is written.
 */
export function guardConnect(
  target: Target,
  rules: TargetRules,
  options: { connectTimeoutMs: number; resolve: Resolve; secureContext?: SecureContext | undefined },
): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: options.connectTimeoutMs,
    lookup: guardLookup({ target, rules, resolve: options.resolve }),
    autoSelectFamily: true,
    rejectUnauthorized: true,
    ...(options.secureContext ? { secureContext: options.secureContext } : {}),
  })
  return (request, callback) => {
    if (isIP(request.hostname) !== 0) {
      const refusal = refuseAddress(request.hostname, target, rules)
      if (refusal) return callback(refusedTarget(refusal), null)
    }
    connect(request, (error, socket) => {
      if (error) return callback(error, null)
      const refusal = refuseAddress(socket.remoteAddress ?? '', target, rules)
      if (!refusal) return callback(null, socket)
      socket.destroy()
      callback(refusedTarget(refusal), null)
    })
  }
}

/**
 * The literal addresses behind a host that may be dialled, in the resolver's order, never none. For clients that
 * cannot be given a socket.
 */
export async function resolveAddresses(host: string, guard: LookupGuard): Promise<readonly string[]> {
  if (isIP(host) === 0) return (await resolveAdmitted(host, guard)).map(({ address }) => address)
  const refusal = refuseAddress(host, guard.target, guard.rules)
  if (refusal) throw refusedTarget(refusal)
  return [host]
}

interface LookupGuard {
  readonly target: Target
  readonly rules: TargetRules
  readonly resolve: Resolve
}

function guardLookup(guard: LookupGuard): LookupFunction {
  return (host, options, callback) => {
    resolveAdmitted(host, guard, options).then(
      (addresses) => {
        if (options.all) return callback(null, addresses)
        callback(null, addresses[0]!.address, addresses[0]!.family)
      },
      (error: Error) => callback(error, []),
    )
  }
}

async function resolveAdmitted(
  host: string,
  { target, rules, resolve }: LookupGuard,
  options: LookupOptions = {},
): Promise<LookupAddress[]> {
  const found = await resolve(host).catch((error: unknown) => {
    // Whether an internal name exists is nothing that a discovered URL may find out.
    throw target.allowance ? error : refusedTarget('the name does not resolve')
  })
  const wanted = found.filter((entry) => !options.family || entry.family === Number(options.family))
  const refusals: string[] = []
  const admitted = wanted.filter((entry) => {
    const refusal = refuseAddress(entry.address, target, rules)
    if (refusal) refusals.push(refusal)
    return !refusal
  })
  if (admitted.length === 0) throw refusedTarget(refusals.join('; ') || 'the name has no address')
  return admitted
}
