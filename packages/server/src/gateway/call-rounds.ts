import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { ServerNotification, UpstreamInfo } from '../upstream/index.ts'
import { callCredential } from './call-credential.ts'
import { onClientLeft, whenClientLeaves, type Call, type GatewayTools } from './call.ts'
import { capabilitiesOf, refuseServerRequest, termsIn } from './exchange-once.ts'
import { guardNotification } from './guard-outcome.ts'
import type { HeldCall } from './held-calls.ts'
import { refuseInputRequests } from './input-requests.ts'
import { keepPace } from './keep-pace.ts'
import type { ModernState } from './modern-state.ts'
import { META } from './protocol.ts'
import type { Reply } from './reply.ts'
import { invalidState, type InnerState, type StateBinding } from './request-state.ts'
import { toLegacyParams, toModernOutcome } from './translate.ts'

export interface RoundOptions {
  readonly entry: ServerEntry
  readonly params: JsonObject
  readonly binding: StateBinding
  readonly reply: Reply
  readonly sent: InnerState | undefined
}

/** One round with a modern upstream: its own `requestState` is opened on the way in and sealed on the way out. */
export async function roundWithModern(
  tools: GatewayTools,
  call: Call,
  options: RoundOptions,
): Promise<Outcome> {
  const { entry, binding, reply, sent } = options
  let { params } = options
  if (params['requestState'] !== undefined) {
    if (!sent || !('upstream' in sent)) throw invalidState()
    params = { ...params, requestState: sent.upstream }
  }
  const { credential } = await callCredential(tools, entry, () => call.principal, call.capability)
  const channel = await entry.upstream.modern(credential)
  const outcome = await channel.exchange(
    call.method,
    params,
    {
      notification: (notification) => void reply.send(guardNotification(entry, notification)),
      serverRequest: refuseServerRequest,
      ready: () => keepPace(call.res, tools.clock),
    },
    whenClientLeaves(call.res),
  )
  if ('error' in outcome || outcome.result['resultType'] !== 'input_required') return outcome
  const refusal = refuseInputRequests(outcome.result, capabilitiesOf(call))
  if (refusal !== undefined) {
    throw new ParleyError(
      'upstream_invalid',
      `The server asked for input that this client cannot give. ${refusal}`,
    )
  }
  const upstreamState = outcome.result['requestState']
  if (typeof upstreamState !== 'string') return outcome
  return {
    result: { ...outcome.result, requestState: tools.states.seal({ upstream: upstreamState }, binding) },
  }
}

/** One round with a legacy upstream: its call stays open while the client is asked. */
export async function roundWithLegacy(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: RoundOptions & { readonly info: UpstreamInfo },
): Promise<Outcome> {
  const { entry, info, params, binding, reply, sent } = options
  const meta = isObject(params['_meta']) ? params['_meta'] : {}
  const terms = termsIn(meta)
  const isNew = params['requestState'] === undefined
  const held = isNew ? state.held.create(call.principal, terms.capabilities) : resume(state, sent, params)
  onClientLeft(call.res, (reason) => held.cancel(reason))
  if (isNew) await startCall(state, call, { held, entry, params, terms, level: meta[META.logLevel] })
  const wantsLogs = meta[META.logLevel] !== undefined
  const notify = (notification: ServerNotification) => {
    if (notification.method !== 'notifications/message' || wantsLogs)
      reply.send(guardNotification(entry, notification))
  }
  const ready = () => keepPace(call.res, tools.clock)
  const round = await held.next({ notify, ready, progressToken: meta['progressToken'] })
  if (round.kind === 'done') return toModernOutcome(call.method, round.outcome, info)
  state.held.keep(held)
  return {
    result: {
      resultType: 'input_required',
      inputRequests: round.inputRequests,
      requestState: tools.states.seal({ held: held.id }, binding),
    },
  }
}

function resume(state: ModernState, sent: InnerState | undefined, params: JsonObject): HeldCall {
  if (!sent || !('held' in sent)) throw invalidState()
  const held = state.held.takeUp(sent.held)
  held.answer(params['inputResponses'])
  return held
}

interface Start {
  readonly held: HeldCall
  readonly entry: ServerEntry
  readonly params: JsonObject
  readonly terms: ReturnType<typeof termsIn>
  readonly level: unknown
}

async function startCall(
  state: ModernState,
  call: Call,
  { held, entry, params, terms, level }: Start,
): Promise<void> {
  const { signal } = held
  const lease = await state.pool.lease(entry, { owner: call.principal, ...terms }, signal)
  held.start(async (events) => {
    try {
      if (typeof level === 'string')
        await lease.channel.exchange('logging/setLevel', { level }, events, signal)
      return await lease.channel.exchange(call.method, toLegacyParams(params), events, signal)
    } finally {
      lease.release()
    }
  })
}
