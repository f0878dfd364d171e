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

/**
 * Whether a URL that somebody else named may be kept, before anything is sent there: a literal address and the addresses
 * that its name has now are judged. Each connection judges again, because names change. A name that resolves to nothing
 * is not held against it; names that only an inside network has are refused unasked, or the answer would tell which exist.
 */
export async function admitHost(
  target: Target,
  rules: TargetRules,
  options: { readonly resolve: Resolve; readonly timeoutMs: number },
): Promise<void> {
  const host = target.host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0) {
    const refusal = refuseAddress(host, target, rules)
    if (refusal) throw refusedTarget(refusal)
    return
  }
  if (!target.allowance && isInsideName(host)) throw refusedTarget(`${host} is a name of inside networks`)
  const found = await resolveSoon(host, options)
  const refusals = found.map(({ address }) => refuseAddress(address, target, rules))
  if (found.length > 0 && refusals.every((refusal) => refusal !== undefined))
    throw refusedTarget(refusals.join('; '))
}

/** RFC 6761, RFC 6762, RFC 8375 and what networks use beside them; a name without a dot is one of the machine's own network. */
const INSIDE_NAME =
  /^[^.]*$|(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa)$/

function isInsideName(host: string): boolean {
  return INSIDE_NAME.test(host.toLowerCase().replace(/\.$/, ''))
}

async function resolveSoon(
  host: string,
  { resolve, timeoutMs }: { readonly resolve: Resolve; readonly timeoutMs: number },
): Promise<readonly LookupAddress[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<[]>((settle) => (timer = setTimeout(() => settle([]), timeoutMs)))
  try {
    return await Promise.race([resolve(host).catch(() => []), late])
  } finally {
    clearTimeout(timer)
  }
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
