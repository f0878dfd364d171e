import type { Clock } from '../lib/clock.ts'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { whenClientLeaves, type Call } from './call.ts'
import { callCredential, type CredentialSources } from './call-credential.ts'
import { keepPace } from './keep-pace.ts'
import { META } from './protocol.ts'
import type { Reply } from './reply.ts'
import type { LeaseTerms, SessionPool } from './session-pool.ts'
import { toLegacyParams, toModernOutcome } from './translate.ts'

/** A request that asks nothing back, to an upstream of either era. */
export async function exchangeOnce(
  state: { readonly pool: SessionPool; readonly sources: CredentialSources; readonly clock: Clock },
  options: {
    readonly call: Call
    readonly entry: ServerEntry
    readonly params: JsonObject
    readonly reply?: Reply
  },
): Promise<Outcome> {
  const { call, entry, params, reply } = options
  const info = await entry.upstream.info()
  const signal = whenClientLeaves(call.res)
  const events = {
    notification: (notification: { method: string }) => void reply?.send(notification),
    serverRequest: refuseServerRequest,
    ready: () => keepPace(call.res, state.clock),
  }
  if (info.era === '2026-07-28') {
    const { credential } = await callCredential(state.sources, entry, () => call.principal)
    const channel = await entry.upstream.modern(credential)
    return channel.exchange(call.method, params, events, signal)
  }
  const lease = await state.pool.lease(
    entry,
    { owner: call.principal, ...termsOf(call), capabilities: {} },
    signal,
  )
  try {
    const outcome = await lease.channel.exchange(call.method, toLegacyParams(params), events, signal)
    return toModernOutcome(call.method, outcome, info)
  } finally {
    lease.release()
  }
}

export function capabilitiesOf(call: Call): JsonObject {
  const value = call.envelope.value(META.clientCapabilities)
  return isObject(value) ? value : {}
}

export function termsOf(call: Call): ClientTerms {
  const { envelope } = call
  return termsIn({
    [META.clientCapabilities]: envelope.value(META.clientCapabilities),
    [META.clientInfo]: envelope.value(META.clientInfo),
  })
}

type ClientTerms = Omit<LeaseTerms, 'owner'>

/** What a request's `_meta` says of the client. */
export function termsIn(meta: JsonObject): ClientTerms {
  const capabilities = meta[META.clientCapabilities]
  const clientInfo = meta[META.clientInfo]
  return {
    capabilities: isObject(capabilities) ? capabilities : {},
    clientInfo: isObject(clientInfo) ? clientInfo : { name: 'parley-client', version: '0' },
  }
}

export function acceptsStreams(call: Pick<Call, 'headers'>): boolean {
  const accept = call.headers.accept
  return accept === undefined || accept.includes('text/event-stream') || accept.includes('*/*')
}

export function refuseServerRequest(): Promise<Outcome> {
  return Promise.resolve({ error: { code: -32601, message: 'Nothing can be asked of the client here.' } })
}
