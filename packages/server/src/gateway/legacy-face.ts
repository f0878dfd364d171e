import { answerAgentCall, isAgentCall } from './agent-tools.ts'
import { ParleyError, knows, type ActivityRecord, type CapabilityName } from '@parley/contract'
import { classifyMessage, isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { admit } from './admit.ts'
import { askConnection, judgeRefusal } from './ask-connection.ts'
import { askConsent } from './ask-consent.ts'
import { connectionFor } from './call-credential.ts'
import { bundleOf, entryOf, limit, resultKind, type Call, type GatewayTools } from './call.ts'
import { completionTarget } from './completion-target.ts'
import { guardOutcome } from './guard-outcome.ts'
import { exchange, type Turn } from './legacy-exchange.ts'
import { LegacyReply } from './legacy-reply.ts'
import type { LegacySession } from './legacy-session.ts'
import type { LegacySessions } from './legacy-sessions.ts'
import { reviewList } from './list-capabilities.ts'
import { MERGED_CAPABILITIES, mergedInfo, mergedItems } from './merged-catalog.ts'
import { LEGACY, LIST_FIELDS, LOG_LEVELS, isListMethod } from './protocol.ts'
import { failCall, recordCall } from './record-call.ts'
import { sendJsonText } from './reply.ts'
import { digestOf } from './request-state.ts'
import { isSearchCall, openSearchCall } from './search-call.ts'
import { encodeResponse } from './session-reply.ts'
import { toClientOutcome } from './to-client-revision.ts'
import { ownerOfUri, resolveTarget } from './resolve-target.ts'
import { toInitializeResult } from './translate.ts'
import {
  isLegacyTaskMethod,
  markList,
  offerOf,
  serveLegacyTaskMethod,
  startTask,
  wantsTask,
  withTasks,
} from './tasks/legacy-tasks.ts'
import { mayPass, reachableEntry, requireUse, visibilityFor } from './visibility.ts'

/** MCP 2025-11-25, URL Elicitation Required Error. */
const URL_ELICITATION_REQUIRED = -32042

/** Serves one request over Streamable HTTP of a client before 2026-07-28. */
export async function serveLegacy(tools: GatewayTools, sessions: LegacySessions, call: Call): Promise<void> {
  try {
    if (call.method === 'initialize') return await initialize(tools, sessions, call)
    const session = sessions.find(call.headers, call.principal, call.scope)
    await serveInSession({ tools, session, call, reply: new LegacyReply(tools, call, session) })
  } catch (error) {
    failCall(tools, call, error)
  }
}

async function initialize(tools: GatewayTools, sessions: LegacySessions, call: Call): Promise<void> {
  const { session, result } = await openSession(tools, sessions, call)
  const json = encodeResponse(call.idJson, { result })
  sendJsonText(call.res, 200, json, ['mcp-session-id', await sessions.idFor(session)])
}

/** One request in its session, whatever way its answer goes. */
export async function serveInSession(started: Omit<Turn, 'signal'>): Promise<void> {
  const { tools, session, reply } = started
  let { call } = started
  const running = new AbortController()
  session.running.set(call.idJson, running)
  try {
    const step = isSearchCall(call) ? openSearchCall(tools, call) : ({ kind: 'go', call } as const)
    if (step.kind === 'go') call = step.call
    const outcome =
      step.kind === 'answer'
        ? { result: step.result }
        : isAgentCall(call)
          ? { result: await answerAgentCall(tools, call) }
          : await answer({ ...started, call, signal: running.signal })
    if (running.signal.aborted) throw running.signal.reason
    if (call.capability !== undefined) await recordCall(tools, call, kindOf(outcome))
    reply.finish(toClientOutcome(session.revision, call.method, outcome))
  } catch (error) {
    failCall(tools, call, error, reply)
  } finally {
    // A client that used one id twice must still be able to cancel the later call.
    if (session.running.get(call.idJson) === running) session.running.delete(call.idJson)
  }
}

function kindOf(outcome: Outcome): ActivityRecord['result'] {
  if ('result' in outcome) return resultKind(outcome.result)
  return outcome.error.code === URL_ELICITATION_REQUIRED ? 'input_required' : 'ok'
}

/** `initialize` (MCP 2025-11-25, Lifecycle): a session, and what the client is to be told. */
export async function openSession(
  tools: GatewayTools,
  sessions: LegacySessions,
  call: Call,
): Promise<{ session: LegacySession; result: JsonObject }> {
  limit(tools, call.principal)
  const params = call.envelope.value('params')
  if (!isObject(params) || typeof params['protocolVersion'] !== 'string') {
    throw new ParleyError('invalid_params', 'params.protocolVersion must be a string.')
  }
  const entry = reachableEntry(tools, call)
  const session = sessions.open(call)
  try {
    const info = entry && (await session.channel(entry)).info
    const isTasking = knows(session.revision, 'sessionTasks')
    session.taskOffer = isTasking ? offerOf(info, session.capabilities) : 'none'
    const capabilities = withTasks(info?.capabilities ?? MERGED_CAPABILITIES, session.taskOffer)
    const offer = info
      ? { ...info, instructions: entry.catalog.instructions, capabilities }
      : { ...mergedInfo(bundleOf(tools, call.scope)), capabilities }
    return { session, result: toInitializeResult(session.revision, offer) }
  } catch (error) {
    await sessions.end(session)
    throw error
  }
}

async function answer(turn: Turn): Promise<Outcome> {
  const { tools, session, call } = turn
  const { method } = call
  if (method === 'ping') return { result: {} }
  const value = call.envelope.value('params')
  const params = isObject(value) ? value : {}
  if (method === 'tools/call' || method === 'prompts/get' || method === 'resources/read')
    return invoke(turn, params)
  limit(tools, call.principal)
  const entry = reachableEntry(tools, call)
  if (method === 'logging/setLevel') return setLevel(turn, params, entry)
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') return subscribe(turn, params)
  if (method === 'completion/complete') {
    const target = completionTarget(tools, call, params['ref'])
    return exchange(turn, target.entry, { ...params, ref: target.ref })
  }
  if (isListMethod(method)) {
    const visibility = visibilityFor(tools, call)
    if (!entry) {
      const items = mergedItems(tools, call, { method, visibility })
      return markList(turn, { result: { [LIST_FIELDS[method].items]: items } })
    }
    return markList(turn, reviewList(entry, await exchange(turn, entry, params), { method, visibility }))
  }
  if (session.taskOffer !== 'none' && isLegacyTaskMethod(method)) return serveLegacyTaskMethod(turn, params)
  const isModern = method === 'server/discover' || method === 'subscriptions/listen'
  if (!entry || isModern || method.startsWith('tasks/') || !mayPass(tools, call, entry)) {
    return { error: { code: -32601, message: `Method not found: ${method}` } }
  }
  return exchange(turn, entry, params)
}

async function invoke(turn: Turn, params: JsonObject): Promise<Outcome> {
  const { tools, call } = turn
  const target = resolveTarget(tools, call)
  const span = call.envelope.span('arguments')
  call.argumentsDigest = digestOf(span ? call.envelope.bytes.subarray(span.start, span.end) : Buffer.alloc(0))
  const admission = await admit(tools, call, target)
  if (admission.kind === 'ask') return putQuestion(turn, admission.missing)
  if (wantsTask(turn, target, params)) {
    const use = await connectionFor(tools, target.entry, call.principal)
    if (use?.kind === 'needed' && use.person !== undefined) return putConnection(turn, target.entry)
    return startTask(turn, target, { ...params, name: target.name })
  }
  const own = target.kind === 'resource' ? { uri: target.name } : { name: target.name }
  return guardOutcome(tools, call, target, await exchangeConnected(turn, target.entry, { ...params, ...own }))
}

/** With a connection of the person where the server wants one: renewed, or asked for, when it refuses. */
async function exchangeConnected(turn: Turn, entry: ServerEntry, params: JsonObject): Promise<Outcome> {
  const { tools, call } = turn
  const use = await connectionFor(tools, entry, call.principal)
  if (use?.kind === 'needed' && use.person !== undefined) return putConnection(turn, entry)
  try {
    return await exchange(turn, entry, params)
  } catch (error) {
    const verdict = await judgeRefusal(tools, call, { entry, use, error })
    if (verdict === 'again') return exchange(turn, entry, params)
    if (verdict === 'connect') return putConnection(turn, entry)
    throw error
  }
}

async function putConnection({ tools, session, call }: Turn, entry: ServerEntry): Promise<Outcome> {
  const { request, params } = await askConnection(tools, call, { entry, capabilities: session.capabilities })
  session.awaitAnswer(request.id)
  return urlElicitationRequired(request.id, params)
}

function urlElicitationRequired(elicitationId: string, params: { readonly message: string }): Outcome {
  const elicitations = [{ ...params, elicitationId }]
  return { error: { code: URL_ELICITATION_REQUIRED, message: params.message, data: { elicitations } } }
}

/** The person is shown our page, and the client sends the call again (MCP 2025-11-25, URL Elicitation Required Error). */
async function putQuestion(
  { tools, session, call }: Turn,
  missing: readonly CapabilityName[],
): Promise<Outcome> {
  const { request, params } = await askConsent(tools, call, { missing, capabilities: session.capabilities })
  session.awaitAnswer(request.id)
  return urlElicitationRequired(request.id, params)
}

async function setLevel(turn: Turn, params: JsonObject, entry: ServerEntry | undefined): Promise<Outcome> {
  const level = params['level']
  if (typeof level !== 'string' || !LOG_LEVELS.includes(level)) {
    throw new ParleyError('invalid_params', `params.level must be one of ${LOG_LEVELS.join(', ')}.`)
  }
  turn.session.logLevel = level
  if (!entry || (await entry.upstream.info()).era !== LEGACY) return { result: {} }
  return exchange(turn, entry, params)
}

async function subscribe(turn: Turn, params: JsonObject): Promise<Outcome> {
  const uri = params['uri']
  if (typeof uri !== 'string') throw new ParleyError('invalid_params', 'params.uri must be a string.')
  const entry = ownerOfUri(turn.tools, turn.call.scope, uri)
  requireUse(turn.tools, turn.call, { entry, kind: 'resource', name: uri, said: uri })
  if ((await entry.upstream.info()).era === LEGACY) return exchange(turn, entry, params)
  turn.session.setSubscribed(uri, turn.call.method === 'resources/subscribe')
  await turn.session.follow(entry)
  return { result: {} }
}

/** A notification or a response that a legacy client POSTs: 202, whatever becomes of it. */
export async function acceptLegacyMessage(
  session: LegacySession,
  tools: GatewayTools,
  body: Buffer,
): Promise<void> {
  const message = classifyMessage(JSON.parse(body.toString('utf8')))
  if (message?.kind === 'response') {
    const { id } = message.message
    session.answer(
      id,
      'result' in message.message ? { result: message.message.result } : { error: message.message.error },
    )
    return
  }
  if (message?.kind !== 'notification')
    throw new ParleyError('invalid_request', 'This is no JSON-RPC message.')
  const { method, params } = message.message
  if (method === 'notifications/cancelled') {
    const id = JSON.stringify(params?.['requestId'] ?? null)
    session.running
      .get(id)
      ?.abort(new ParleyError('upstream_unavailable', 'The caller cancelled the request.'))
  } else if (method === 'notifications/roots/list_changed') {
    const entry = entryOf(tools, session.scope)
    if (entry && (await entry.upstream.info()).era === LEGACY)
      await (await session.channel(entry)).notify(method, params)
  }
}
