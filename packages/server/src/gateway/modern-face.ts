import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import {
  admit,
  entryOf,
  limit,
  resultKind,
  whenClientLeaves,
  type Call,
  type GatewayTools,
  type Target,
} from './call.ts'
import { checkHeaders, checkParamHeaders } from './check-headers.ts'
import {
  acceptsStreams,
  capabilitiesOf,
  exchangeOnce,
  refuseServerRequest,
  termsOf,
  type ModernState,
} from './exchange-once.ts'
import type { HeldCall } from './held-calls.ts'
import { completionTarget } from './completion-target.ts'
import { refuseInputRequests } from './input-requests.ts'
import { takeLane } from './lane-call.ts'
import { listForModern } from './list-capabilities.ts'
import { listen } from './listen.ts'
import { mergedDiscover } from './merged-catalog.ts'
import { META, isListMethod } from './protocol.ts'
import { failCall, recordCall } from './record-call.ts'
import { Reply } from './reply.ts'
import { digestOf, type StateBinding } from './request-state.ts'
import { resolveTarget } from './resolve-target.ts'
import { toDiscoverResult, toLegacyParams, toModernOutcome } from './translate.ts'
import type { ParamHeader, ServerEntry } from '../registry/index.ts'

const CALLS = new Set(['tools/call', 'prompts/get', 'resources/read'])
/** Requests of earlier revisions, which this one does not have. */
const REMOVED = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
])

/** Serves one request of a 2026-07-28 client: check → resolve → decide → limit → call → filter → record → reply. */
export function serveModern(tools: GatewayTools, state: ModernState, call: Call): void {
  const reply = new Reply(call.res, {
    idJson: call.idJson,
    modern: true,
    streams: acceptsStreams(call),
    writes: tools.writes,
  })
  const fail = (error: unknown) => failCall(tools, call, error, reply)
  try {
    checkHeaders(call.headers, call.envelope, call.method)
    if (CALLS.has(call.method)) invoke(tools, state, call, reply)?.catch(fail)
    else serveOther(tools, state, call, reply).catch(fail)
  } catch (error) {
    fail(error)
  }
}

async function serveOther(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<void> {
  limit(tools, call.principal)
  if (call.method === 'subscriptions/listen') return listen(tools, state, call)
  reply.finish(await answer(tools, state, call, reply))
}

function paramsOf(call: Call): JsonObject {
  const params = call.envelope.value('params')
  return isObject(params) ? params : {}
}

async function answer(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<Outcome> {
  const { method } = call
  const entry = entryOf(tools, call.scope)
  if (REMOVED.has(method)) {
    throw new ParleyError(
      'method_not_found',
      `Method not found: ${method} (this is protocol version 2026-07-28; older clients leave out its _meta)`,
    )
  }
  if (method === 'server/discover') {
    if (!entry) return { result: mergedDiscover() }
    return { result: toDiscoverResult(await entry.upstream.info(), approvedInstructions(entry)) }
  }
  if (isListMethod(method)) return listForModern(tools, state, call)
  if (method === 'completion/complete') return complete(tools, state, call, reply)
  if (!entry) throw new ParleyError('method_not_found', `Method not found: ${method}`)
  return exchangeOnce(state, { call, entry, params: paramsOf(call), reply })
}

function approvedInstructions(entry: ServerEntry): string | undefined {
  return entry.catalog.instructions
}

/**
 * `tools/call`, `prompts/get` and `resources/read`: what can be granted, may ask back, and is always recorded. On the
 * lane nothing is left to wait for; the long way answers its promise.
 */
function invoke(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  reply: Reply,
): Promise<void> | undefined {
  const target = resolveTarget(tools, call)
  admit(tools, call, target)
  const span = call.envelope.span('arguments')
  call.argumentsDigest = digestOf(span ? call.envelope.bytes.subarray(span.start, span.end) : Buffer.alloc(0))
  const paramHeaders = paramHeadersOf(target)
  checkParamHeaders(call.headers, call.envelope, paramHeaders)
  const binding: StateBinding = {
    subject: call.principal.subject,
    server: target.entry.id,
    method: call.method,
    name: target.name,
    argumentsDigest: call.argumentsDigest,
  }
  if (takeLane(tools, call, { target, paramHeaders, binding, reply })) return undefined
  return goTheLongWay(tools, state, call, { target, binding, reply })
}

/** Through a channel, which translates where the server speaks another revision or another transport. */
async function goTheLongWay(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  { target, binding, reply }: { target: Target; binding: StateBinding; reply: Reply },
): Promise<void> {
  const params = {
    ...paramsOf(call),
    ...(target.kind === 'resource' ? { uri: target.name } : { name: target.name }),
  }
  const info = await target.entry.upstream.info()
  const round =
    info.era === '2026-07-28'
      ? await roundWithModern(tools, call, { entry: target.entry, params, binding, reply })
      : await roundWithLegacy(tools, state, call, { entry: target.entry, params, binding, reply })
  await recordCall(tools, call, 'result' in round ? resultKind(round.result) : 'ok')
  reply.finish(round)
}

function paramHeadersOf({ entry, kind, name }: Target): readonly ParamHeader[] {
  return (kind === 'tool' ? entry.catalog.tools.get(name)?.paramHeaders : undefined) ?? []
}

interface RoundOptions {
  readonly entry: ServerEntry
  readonly params: JsonObject
  readonly binding: StateBinding
  readonly reply: Reply
}

/** One round with a modern upstream: its own `requestState` is opened on the way in and sealed on the way out. */
async function roundWithModern(tools: GatewayTools, call: Call, options: RoundOptions): Promise<Outcome> {
  const { entry, binding, reply } = options
  let params = options.params
  const sent = params['requestState']
  if (sent !== undefined) {
    const inner = typeof sent === 'string' ? tools.states.open(sent, binding) : undefined
    if (!inner || !('upstream' in inner))
      throw new ParleyError('invalid_params', 'requestState is not valid for this request.')
    params = { ...params, requestState: inner.upstream }
  }
  const channel = await entry.upstream.modern()
  const outcome = await channel.exchange(
    call.method,
    params,
    { notification: (notification) => void reply.send(notification), serverRequest: refuseServerRequest },
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
async function roundWithLegacy(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: RoundOptions,
): Promise<Outcome> {
  const { entry, params, binding, reply } = options
  const held =
    params['requestState'] === undefined
      ? await startCall(state, call, entry, params)
      : resume(tools, state, binding, params)
  const wantsLogs = call.envelope.has(META.logLevel)
  const round = await held.next(
    (notification) => {
      if (notification.method !== 'notifications/message' || wantsLogs) reply.send(notification)
    },
    whenClientLeaves(call.res),
    call.envelope.value('progressToken'),
  )
  const info = await entry.upstream.info()
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

function resume(
  tools: GatewayTools,
  state: ModernState,
  binding: StateBinding,
  params: JsonObject,
): HeldCall {
  const sent = params['requestState']
  const inner = typeof sent === 'string' ? tools.states.open(sent, binding) : undefined
  if (!inner || !('held' in inner))
    throw new ParleyError('invalid_params', 'requestState is not valid for this request.')
  const held = state.held.takeUp(inner.held)
  held.answer(params['inputResponses'])
  return held
}

async function startCall(
  state: ModernState,
  call: Call,
  entry: ServerEntry,
  params: JsonObject,
): Promise<HeldCall> {
  const capabilities = capabilitiesOf(call)
  const held = state.held.create(capabilities)
  const lease = await state.pool.lease(
    entry,
    { subject: call.principal.subject, ...termsOf(call) },
    whenClientLeaves(call.res),
  )
  const level = call.envelope.string(META.logLevel)
  held.start(async (events, signal) => {
    try {
      if (level !== undefined) await lease.channel.exchange('logging/setLevel', { level }, events, signal)
      return await lease.channel.exchange(call.method, toLegacyParams(params), events, signal)
    } finally {
      lease.release()
    }
  })
  return held
}

async function complete(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<Outcome> {
  const params = paramsOf(call)
  const { entry, ref } = completionTarget(tools, call, params['ref'])
  return exchangeOnce(state, { call, entry, params: { ...params, ref }, reply })
}
