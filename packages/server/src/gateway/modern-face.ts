import { answerAgentCall, isAgentCall } from './agent-tools.ts'
import { ParleyError, type CapabilityName } from '@parley/contract'
import type { Outcome } from '../lib/json-rpc.ts'
import { admit, type Admission } from './admit.ts'
import { CONSENT_QUESTION, askConsent, followConsent } from './ask-consent.ts'
import {
  bundleOf,
  limit,
  resultKind,
  whenClientLeaves,
  type Call,
  type GatewayTools,
  type Target,
} from './call.ts'
import { followConnection } from './ask-connection.ts'
import { roundWithLegacy, roundWithModern } from './call-rounds.ts'
import { connectionFor } from './call-credential.ts'
import { checkHeaders, checkParamHeaders } from './check-headers.ts'
import { acceptsStreams, capabilitiesOf, exchangeOnce } from './exchange-once.ts'
import { guardOutcome } from './guard-outcome.ts'
import { callAsTask, mayBecomeTask } from './tasks/call-as-task.ts'
import { serveTaskMethod } from './tasks/serve-task-method.ts'
import { declaresTasks, isTaskMethod } from './tasks/tasks-extension.ts'
import { completionTarget } from './completion-target.ts'
import { takeLane, type LaneCallOptions } from './lane-call.ts'
import { listForModern } from './list-capabilities.ts'
import { listen } from './listen.ts'
import { mergedDiscover } from './merged-catalog.ts'
import { isListMethod } from './protocol.ts'
import { failCall, recordCall } from './record-call.ts'
import { putConnection, recover } from './recover-call.ts'
import { Reply } from './reply.ts'
import { digestOf, invalidState, type InnerState, type StateBinding } from './request-state.ts'
import { isSearchCall, openSearchCall } from './search-call.ts'
import { resolveTarget } from './resolve-target.ts'
import { mayPass, reachableEntry } from './visibility.ts'
import { paramHeadersOf, paramsOf, upstreamParams } from './upstream-params.ts'
import { toDiscoverResult } from './translate.ts'
import type { CredentialRefused } from '../upstream/index.ts'
import type { ModernState } from './modern-state.ts'

const CALLS = new Set(['tools/call', 'prompts/get', 'resources/read'])
/** Requests of earlier revisions, which this one does not have. */
const REMOVED = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/result',
  'tasks/list',
])

/** Serves one request of a 2026-07-28 client: check → resolve → decide → limit → call → filter → record → reply. */
export function serveModern(tools: GatewayTools, state: ModernState, received: Call): void {
  let call = received
  const reply = new Reply(call.res, {
    idJson: call.idJson,
    modern: true,
    streams: acceptsStreams(call),
    writes: tools.writes,
  })
  const fail = (error: unknown) => failCall(tools, call, error, reply)
  try {
    checkHeaders(call.headers, call.envelope, call.method)
    if (isSearchCall(call)) {
      const step = openSearchCall(tools, call)
      if (step.kind === 'answer') return reply.finish({ result: { resultType: 'complete', ...step.result } })
      call = step.call
    }
    if (isAgentCall(call)) {
      limit(tools, call.principal)
      answerAgentCall(tools, call)
        .then((result) => reply.finish({ result: { resultType: 'complete', ...result } }))
        .catch(fail)
    } else if (CALLS.has(call.method)) invoke(tools, state, call, reply)?.catch(fail)
    else serveOther(tools, state, call, reply).catch(fail)
  } catch (error) {
    fail(error)
  }
}

async function serveOther(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<void> {
  limit(tools, call.principal)
  if (call.method === 'subscriptions/listen') return listen(tools, state, call)
  if (isListMethod(call.method)) {
    const list = await listForModern(tools, state, call)
    if (!('resultJson' in list)) return reply.finish(list)
    return reply.finishWith(`{"jsonrpc":"2.0","id":${call.idJson},"result":${list.resultJson}}`, 200)
  }
  reply.finish(await answer(tools, state, call, reply))
}

async function answer(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<Outcome> {
  const { method } = call
  const entry = reachableEntry(tools, call)
  if (REMOVED.has(method)) {
    throw new ParleyError(
      'method_not_found',
      `Method not found: ${method} (this is protocol version 2026-07-28; older clients leave out its _meta)`,
    )
  }
  if (method === 'server/discover') {
    if (!entry) return { result: mergedDiscover(bundleOf(tools, call.scope)) }
    const offersTasks = declaresTasks(call)
    return { result: toDiscoverResult(await entry.upstream.info(), entry.catalog.instructions, offersTasks) }
  }
  if (isTaskMethod(method)) return serveTaskMethod(tools, state.runs, call)
  if (method === 'completion/complete') return complete(tools, state, call, reply)
  if (!entry || !mayPass(tools, call, entry))
    throw new ParleyError('method_not_found', `Method not found: ${method}`)
  return exchangeOnce(state, { call, entry, params: paramsOf(call), reply })
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
  const span = call.envelope.span('arguments')
  call.argumentsDigest = digestOf(span ? call.envelope.bytes.subarray(span.start, span.end) : Buffer.alloc(0))
  const binding: StateBinding = {
    subject: call.principal.subject,
    server: target.entry.id,
    method: call.method,
    name: target.name,
    argumentsDigest: call.argumentsDigest,
  }
  const sent = openState(tools, call, binding)
  const errand: Errand = { target, binding, reply, sent }
  if (sent && 'consent' in sent) return resumeAfterConsent(tools, state, call, { ...errand, sent })
  if (sent && 'connect' in sent) return resumeAfterConnection(tools, state, call, { ...errand, sent })
  const admission = admit(tools, call, target)
  if (admission instanceof Promise)
    return admission.then((admitted) => goOn(tools, state, call, { ...errand, admission: admitted }))
  return goOn(tools, state, call, { ...errand, admission })
}

interface Errand {
  readonly target: Target
  readonly binding: StateBinding
  readonly reply: Reply
  /** The state that the client brought back, opened and thereby spent. */
  readonly sent: InnerState | undefined
}

function openState(tools: GatewayTools, call: Call, binding: StateBinding): InnerState | undefined {
  if (!call.envelope.has('requestState')) return undefined
  const sent = call.envelope.string('requestState')
  if (sent === undefined) throw invalidState()
  return tools.states.open(sent, binding)
}

function goOn(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  { admission, ...errand }: Errand & { admission: Admission },
): Promise<void> | undefined {
  if (admission.kind === 'ask') return putQuestion(tools, call, { ...errand, missing: admission.missing })
  const paramHeaders = paramHeadersOf(errand.target)
  checkParamHeaders(call.headers, call.envelope, paramHeaders)
  const use = connectionFor(tools, errand.target.entry, call.principal)
  const onRefused = laneRefused
  if (use instanceof Promise)
    return use.then((ready) => send(tools, state, call, { ...errand, paramHeaders, use: ready, onRefused }))
  return send(tools, state, call, { ...errand, paramHeaders, use, onRefused })
}

function send(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  errand: Errand & Pick<LaneCallOptions, 'paramHeaders' | 'use' | 'onRefused'>,
): Promise<void> | undefined {
  if (errand.use?.kind === 'needed' && errand.use.person !== undefined)
    return putConnection(tools, call, errand)
  const isForTask = mayBecomeTask(call, errand.target)
  if (!isForTask && !errand.target.entry.readsResults && takeLane(tools, call, errand)) return undefined
  const go = () =>
    isForTask
      ? callAsTask(tools, state, call, { ...errand, params: upstreamParams(call, errand) })
      : goTheLongWay(tools, state, call, errand)
  return go().catch((error: unknown) => recover(tools, call, { ...errand, error }, go))
}

/** A server on the lane wants another credential: the call goes once more, the long way, or its person is asked. */
function laneRefused(
  tools: GatewayTools,
  call: Call,
  options: LaneCallOptions,
  error: CredentialRefused,
): void {
  const again = () => {
    const { target, binding, reply, sent } = options
    const { entry } = target
    const params = upstreamParams(call, { target, sent })
    return roundWithModern(tools, call, { entry, params, binding, reply, sent }).then((round) =>
      finishRound(tools, call, { target, reply }, round),
    )
  }
  recover(tools, call, { ...options, error }, again).catch((failure: unknown) =>
    failCall(tools, call, failure, options.reply),
  )
}

async function resumeAfterConsent(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  errand: Errand & { readonly sent: { readonly consent: string } },
): Promise<void> {
  const responses = call.envelope.value('inputResponses')
  await followConsent(tools, errand.sent.consent, { responses, signal: whenClientLeaves(call.res) })
  const admission = await admit(tools, call, errand.target)
  await goOn(tools, state, call, { ...errand, admission })
}

async function resumeAfterConnection(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  errand: Errand & { readonly sent: { readonly connect: string } },
): Promise<void> {
  const responses = call.envelope.value('inputResponses')
  await followConnection(tools, errand.sent.connect, { responses, signal: whenClientLeaves(call.res) })
  const admission = await admit(tools, call, errand.target)
  await goOn(tools, state, call, { ...errand, admission })
}

/** Asks the person for what the grant lacks; the client sends the call again when they have answered. */
async function putQuestion(
  tools: GatewayTools,
  call: Call,
  { missing, binding, reply }: Errand & { missing: readonly CapabilityName[] },
): Promise<void> {
  const { request, params } = await askConsent(tools, call, { missing, capabilities: capabilitiesOf(call) })
  const result = {
    resultType: 'input_required',
    inputRequests: { [CONSENT_QUESTION]: { method: 'elicitation/create', params } },
    requestState: tools.states.seal({ consent: request.id }, binding),
  }
  await recordCall(tools, call, 'input_required')
  reply.finish({ result })
}

/** Through a channel, which translates where the server speaks another revision or another transport. */
async function goTheLongWay(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  { target, binding, reply, sent }: Errand,
): Promise<void> {
  const { entry } = target
  const params = upstreamParams(call, { target, sent })
  const info = await entry.upstream.info()
  const answered =
    info.era === '2026-07-28'
      ? await roundWithModern(tools, call, { entry, params, binding, reply, sent })
      : await roundWithLegacy(tools, state, call, { entry, info, params, binding, reply, sent })
  await finishRound(tools, call, { target, reply }, answered)
}

async function finishRound(
  tools: GatewayTools,
  call: Call,
  { target, reply }: Pick<Errand, 'target' | 'reply'>,
  answered: Outcome,
): Promise<void> {
  const round = guardOutcome(tools, call, target, answered)
  await recordCall(tools, call, 'result' in round ? resultKind(round.result) : 'ok')
  reply.finish(round)
}

async function complete(tools: GatewayTools, state: ModernState, call: Call, reply: Reply): Promise<Outcome> {
  const params = paramsOf(call)
  const { entry, ref } = completionTarget(tools, call, params['ref'])
  return exchangeOnce(state, { call, entry, params: { ...params, ref }, reply })
}
