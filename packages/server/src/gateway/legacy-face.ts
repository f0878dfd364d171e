import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, type Principal } from '@parley/contract'
import { classifyMessage, isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { admit, entryOf, limit, resultKind, type Call, type GatewayTools, type Scope } from './call.ts'
import { clientMayBeAsked, refuseInputRequests } from './input-requests.ts'
import { reviewList } from './list-capabilities.ts'
import { listChanges } from './listen.ts'
import { HUB_INFO, MERGED_CAPABILITIES, mergedItems } from './merged-catalog.ts'
import { LegacySession } from './legacy-session.ts'
import { completionTarget } from './completion-target.ts'
import { acceptsStreams } from './exchange-once.ts'
import { LEGACY, LIST_FIELDS, LOG_LEVELS, isListMethod } from './protocol.ts'
import type { McpHeaders } from './read-headers.ts'
import { failCall, recordCall } from './record-call.ts'
import { Reply, sendError, sendJsonText } from './reply.ts'
import { digestOf } from './request-state.ts'
import { ownerOfUri, resolveTarget } from './resolve-target.ts'
import { toInitializeResult, toLegacyOutcome, toModernParams } from './translate.ts'

/** Rounds of questions that a modern upstream may put to a legacy client within one call. */
const MAX_ROUNDS = 20
const SESSION_ID_BYTES = 24
const IDLE_MICROS = 30 * 60_000_000

/** The sessions of 2025-11-25 clients. */
export class LegacySessions {
  readonly #tools: GatewayTools
  #sessions = new Map<string, LegacySession>()

  constructor(tools: GatewayTools) {
    this.#tools = tools
  }

  /**
   * The caller's own session at this endpoint. Another caller's id, another endpoint's and an unknown one are the same
   * `session_not_found`.
   */
  find(headers: McpHeaders, principal: Principal, scope: Scope): LegacySession {
    if (headers.repeated !== undefined)
      throw new ParleyError('invalid_request', `${headers.repeated} stands more than once.`)
    if (headers.sessionId === undefined) {
      throw new ParleyError(
        'invalid_request',
        'Mcp-Session-Id is missing: send `initialize` first, or speak protocol version 2026-07-28.',
      )
    }
    const session = this.#sessions.get(headers.sessionId)
    if (!session || session.subject !== principal.subject || !sameScope(session.scope, scope)) {
      throw new ParleyError('session_not_found', 'There is no such session; send `initialize` to open one.')
    }
    if (headers.version !== undefined && headers.version !== LEGACY) {
      throw new ParleyError(
        'unsupported_version',
        `This session speaks ${LEGACY}, not ${headers.version.slice(0, 40)}.`,
      )
    }
    session.lastUsedMicros = this.#tools.clock.monotonicMicros()
    return session
  }

  status(): { readonly open: number; readonly streaming: number } {
    let streaming = 0
    for (const session of this.#sessions.values()) if (session.streaming) streaming++
    return { open: this.#sessions.size, streaming }
  }

  open(call: Call): LegacySession {
    this.#evictIdle()
    const own = [...this.#sessions.values()].filter((session) => session.subject === call.principal.subject)
    if (own.length >= this.#tools.limits.sessionsPerPrincipal) {
      throw new ParleyError('rate_limited', 'Too many open sessions; end one with DELETE.', {
        data: { retryAfterSeconds: 60 },
      })
    }
    const params = call.envelope.value('params') as JsonObject
    const session = new LegacySession({
      id: Buffer.from(this.#tools.random.bytes(SESSION_ID_BYTES)).toString('base64url'),
      subject: call.principal.subject,
      scope: call.scope,
      capabilities: isObject(params['capabilities']) ? params['capabilities'] : {},
      clientInfo: isObject(params['clientInfo']) ? params['clientInfo'] : { name: 'unnamed', version: '0' },
    })
    session.lastUsedMicros = this.#tools.clock.monotonicMicros()
    this.#sessions.set(session.id, session)
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    session.onClose(
      this.#tools.registry.onChange((change) => {
        if (session.scope.kind === 'single' && session.scope.name !== change.server) return
        for (const method of listChanges(change, all)) session.push({ method })
      }),
    )
    return session
  }

  async end(session: LegacySession): Promise<void> {
    this.#sessions.delete(session.id)
    await session.close()
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => this.end(session)))
  }

  #evictIdle(): void {
    const before = this.#tools.clock.monotonicMicros() - IDLE_MICROS
    for (const session of this.#sessions.values()) {
      if (session.lastUsedMicros < before && !session.streaming && session.running.size === 0)
        void this.end(session)
    }
  }
}

function sameScope(one: Scope, other: Scope): boolean {
  return one.kind === 'merged' ? other.kind === 'merged' : other.kind === 'single' && one.name === other.name
}

/** Serves one request of a 2025-11-25 client. */
export async function serveLegacy(tools: GatewayTools, sessions: LegacySessions, call: Call): Promise<void> {
  const reply = new Reply(call.res, { idJson: call.idJson, modern: false, streams: acceptsStreams(call) })
  try {
    if (call.method === 'initialize') return await initialize(tools, sessions, call)
    const session = sessions.find(call.headers, call.principal, call.scope)
    const running = new AbortController()
    session.running.set(call.idJson, running)
    try {
      const outcome = await answer({ tools, session, call, reply, signal: running.signal })
      if (running.signal.aborted) throw running.signal.reason
      if (call.capability !== undefined)
        await recordCall(tools, call, 'result' in outcome ? resultKind(outcome.result) : 'ok')
      reply.finish(outcome)
    } finally {
      session.running.delete(call.idJson)
    }
  } catch (error) {
    failCall(tools, call, error, reply)
  }
}

async function initialize(tools: GatewayTools, sessions: LegacySessions, call: Call): Promise<void> {
  limit(tools, call.principal)
  const params = call.envelope.value('params')
  if (!isObject(params) || typeof params['protocolVersion'] !== 'string') {
    throw new ParleyError('invalid_params', 'params.protocolVersion must be a string.')
  }
  const entry = entryOf(tools, call.scope)
  const session = sessions.open(call)
  try {
    const result = entry
      ? toInitializeResult((await session.channel(entry)).info, entry.catalog.instructions)
      : { protocolVersion: LEGACY, capabilities: MERGED_CAPABILITIES, serverInfo: HUB_INFO }
    const json = `{"jsonrpc":"2.0","id":${call.idJson},"result":${JSON.stringify(result)}}`
    sendJsonText(call.res, 200, json, ['mcp-session-id', session.id])
  } catch (error) {
    await sessions.end(session)
    throw error
  }
}

interface Turn {
  readonly tools: GatewayTools
  readonly session: LegacySession
  readonly call: Call
  readonly reply: Reply
  readonly signal: AbortSignal
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
  const entry = entryOf(tools, call.scope)
  if (method === 'logging/setLevel') return setLevel(turn, params, entry)
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') return subscribe(turn, params)
  if (method === 'completion/complete') {
    const target = completionTarget(tools, call, params['ref'])
    return exchange(turn, target.entry, { ...params, ref: target.ref })
  }
  if (isListMethod(method)) {
    if (!entry) return { result: { [LIST_FIELDS[method].items]: mergedItems(tools.registry, method) } }
    return reviewList(entry, method, await exchange(turn, entry, params))
  }
  if (!entry || method === 'server/discover' || method === 'subscriptions/listen') {
    return { error: { code: -32601, message: `Method not found: ${method}` } }
  }
  return exchange(turn, session.scope.kind === 'single' ? entry : entry, params)
}

async function invoke(turn: Turn, params: JsonObject): Promise<Outcome> {
  const { tools, call } = turn
  const target = resolveTarget(tools, call)
  admit(tools, call, target)
  const span = call.envelope.span('arguments')
  call.argumentsDigest = digestOf(span ? call.envelope.bytes.subarray(span.start, span.end) : Buffer.alloc(0))
  const own = target.kind === 'resource' ? { uri: target.name } : { name: target.name }
  return exchange(turn, target.entry, { ...params, ...own })
}

/** One request to an upstream of either era, with the questions it may ask on the way. */
async function exchange(turn: Turn, entry: ServerEntry, params: JsonObject): Promise<Outcome> {
  const { session, call, reply, signal } = turn
  const channel = await session.channel(entry)
  const events = {
    notification: (notification: { method: string }) => void reply.send(notification),
    serverRequest: (request: { method: string; params?: JsonObject }, asked: AbortSignal) => {
      const refusal = clientMayBeAsked(request, session.capabilities)
      if (refusal !== undefined)
        return Promise.resolve<Outcome>({ error: { code: -32601, message: refusal } })
      return session.ask(request, reply, asked)
    },
  }
  if (channel.info.era === LEGACY) {
    return channel.exchange(call.method, Object.keys(params).length > 0 ? params : undefined, events, signal)
  }
  let next = params
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await channel.exchange(call.method, toModernParams(next, session.terms), events, signal)
    if ('error' in outcome || outcome.result['resultType'] !== 'input_required')
      return toLegacyOutcome(outcome)
    next = { ...params, ...(await askAll(turn, outcome.result)) }
  }
  throw new ParleyError('upstream_invalid', `The server asked for input more than ${MAX_ROUNDS} times.`)
}

/** Puts a modern upstream's questions to a legacy client, and makes of the answers what the retry must carry. */
async function askAll(turn: Turn, result: JsonObject): Promise<JsonObject> {
  const { session, reply, signal } = turn
  const refusal = refuseInputRequests(result, session.capabilities)
  if (refusal !== undefined) {
    throw new ParleyError(
      'upstream_invalid',
      `The server asked for input that this client cannot give. ${refusal}`,
    )
  }
  const requests = isObject(result['inputRequests']) ? result['inputRequests'] : {}
  const responses: Record<string, JsonObject> = {}
  await Promise.all(
    Object.entries(requests).map(async ([key, request]) => {
      const { method, params } = request as { method: string; params?: JsonObject }
      const outcome = await session.ask(
        { method, ...(params === undefined ? {} : { params }) },
        reply,
        signal,
      )
      if ('error' in outcome)
        throw new ParleyError(
          'invalid_request',
          `The client refused "${method}": ${outcome.error.message.slice(0, 200)}`,
        )
      responses[key] = outcome.result
    }),
  )
  const state = result['requestState']
  return { inputResponses: responses, ...(typeof state === 'string' ? { requestState: state } : {}) }
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

/** GET: the session's own stream, for what belongs to no request (MCP 2025-11-25, Listening for Messages). */
export async function openSessionStream(
  tools: GatewayTools,
  session: LegacySession,
  res: ServerResponse,
): Promise<void> {
  res.writeHead(200, [
    'content-type',
    'text/event-stream',
    'cache-control',
    'no-store',
    'x-accel-buffering',
    'no',
  ])
  res.flushHeaders()
  session.attach(res)
  const beat = setInterval(() => res.write(':\n\n'), 15_000)
  beat.unref()
  res.once('close', () => clearInterval(beat))
  const entry = entryOf(tools, session.scope)
  if (entry) await session.follow(entry)
}

/** GET and DELETE of a legacy session; a request without a session is a modern client's mistake: 405. */
export async function serveSessionMethod(
  tools: GatewayTools,
  sessions: LegacySessions,
  request: {
    req: IncomingMessage
    res: ServerResponse
    headers: McpHeaders
    principal: Principal
    scope: Scope
  },
): Promise<void> {
  const { req, res, headers, principal, scope } = request
  try {
    if (headers.sessionId === undefined) throw new ParleyError('method_not_allowed', 'Use POST here.')
    const session = sessions.find(headers, principal, scope)
    if (req.method === 'DELETE') {
      await sessions.end(session)
      res.writeHead(200).end()
    } else if (headers.accept !== undefined && !/text\/event-stream|\*\/\*/.test(headers.accept)) {
      throw new ParleyError('not_acceptable', 'Accept must include text/event-stream.')
    } else {
      await openSessionStream(tools, session, res)
    }
  } catch (error) {
    if (res.headersSent) res.end()
    else
      sendError(
        res,
        error instanceof ParleyError
          ? error
          : new ParleyError('internal', 'The stream could not be opened.', { cause: error }),
        undefined,
      )
  }
}
