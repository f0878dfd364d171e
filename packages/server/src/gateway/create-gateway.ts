import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError, type Principal } from '@parley/contract'
import type { Authenticated } from '../identity/index.ts'
import type { Envelope } from '../lib/strict-json/index.ts'
import type { Call, GatewayTools, Received, Scope } from './call.ts'
import { HeldCalls } from './held-calls.ts'
import { acceptLegacyMessage, serveLegacy } from './legacy-face.ts'
import { LegacySessions } from './legacy-sessions.ts'
import { ListCache } from './list-cache.ts'
import { serveModern } from './modern-face.ts'
import { META } from './protocol.ts'
import { readHeaders, type McpHeaders } from './read-headers.ts'
import { UNDECIDED, checkEnvelope, isBatch, methodOf, readId, scan } from './read-message.ts'
import { serveBatch } from './serve-batch.ts'
import { sendError } from './reply.ts'
import { Running } from '../http/index.ts'
import { serveSessionMethod } from './serve-session-method.ts'
import { SessionPool } from './session-pool.ts'
import { SseClients } from './sse-clients.ts'
import { TaskRuns } from './tasks/task-runs.ts'
import type { ModernState } from './modern-state.ts'

/** Reads a whole body under a limit; answers over-long and broken ones itself and does not call back then. */
export type ReadBody = (
  req: IncomingMessage,
  res: ServerResponse,
  limitBytes: number,
  onBody: (body: Buffer) => void,
) => void

export interface Gateway {
  /** Serves a request below `/mcp`; `path` is the whole path without the query. */
  handle(req: IncomingMessage, res: ServerResponse, path: string): void
  /** Breaks off everything that callers who are meant have under way, sessions and calls on hold included. */
  cut(isMeant: (principal: Principal) => boolean): void
  /** `cut` cancels those that run for callers who are meant, `resume` goes on after a start with what was under way. */
  readonly tasks: Pick<TaskRuns, 'cut' | 'resume'>
  /** Ends the subscriptions with their final response and refuses calls on hold; open calls go on. */
  endStreams(): void
  close(): Promise<void>
  /** How many are open with clients of the session era. */
  sessions(): number
}

/** The MCP face: clients of every revision on the same endpoints, in front of upstreams of every revision. */
export function createGateway(tools: GatewayTools, readBody: ReadBody): Gateway {
  const state = openState(tools)
  const sessions = new LegacySessions(tools, state.runs)
  const running = new Running()
  const face: Face = { tools, sessions, state, sse: new SseClients(tools, sessions) }

  function handle(req: IncomingMessage, res: ServerResponse, path: string): void {
    try {
      const resource = path.endsWith('/') ? path.slice(0, -1) : path
      const headers = readHeaders(req.rawHeaders)
      const hasQuery = req.url!.length > path.length
      if (hasQuery) refuseQueryToken(tools, req.url!, { resource, headers })
      const scope = hasQuery ? withSearch(scopeOf(path), req.url!) : scopeOf(path)
      const endpoint = { req, res, headers, scope, resource }
      const who = tools.authenticate(headers.authorization, resource)
      if (!(who instanceof Promise)) return accept(endpoint, who)
      who
        .then((authenticated) => accept(endpoint, authenticated))
        .catch((error: unknown) => sendError(res, toParleyError(error), undefined))
    } catch (error) {
      sendError(res, toParleyError(error), undefined)
    }
  }

  /** What a caller has under way can be cut off from here on, its body included. */
  function accept(endpoint: Omit<Received, 'principal'>, who: Authenticated): void {
    if (who.kind === 'refused') throw who.error
    const { req, res } = endpoint
    if (res.destroyed) return
    const request: Received = { ...endpoint, principal: who.principal }
    running.enter(who.principal, req, res)
    if (req.method === 'POST') {
      refuseOtherMedia(req)
      readBody(req, res, tools.limits.bodyBytes, (body) => receive(face, request, body))
    } else acceptBodiless(face, request)
  }

  const unwatch = endWithConnections(tools, { state, sessions, running })

  function endStreams(): void {
    for (const end of state.streams) end()
    state.held.close()
  }

  async function close(): Promise<void> {
    unwatch()
    endStreams()
    state.runs.close()
    await sessions.closeAll()
    await state.pool.close()
  }

  function cut(isMeant: (principal: Principal) => boolean): void {
    running.cut(isMeant)
    state.held.cut(isMeant)
    sessions.cut(isMeant)
    state.pool.cut(isMeant)
  }

  return { handle, cut, tasks: state.runs, endStreams, close, sessions: () => sessions.size }
}

function openState(tools: GatewayTools): ModernState {
  const ways = {
    held: new HeldCalls(tools.clock, tools.newId),
    pool: new SessionPool(tools.clock, tools),
    sources: tools,
  }
  return {
    ...ways,
    streams: new Set(),
    lists: new ListCache(),
    runs: new TaskRuns(tools, ways),
    clock: tools.clock,
  }
}

/** What was begun with a connection ends with it: a session may belong to its account. */
function endWithConnections(
  tools: GatewayTools,
  { state, sessions, running }: { state: ModernState; sessions: LegacySessions; running: Running },
): () => void {
  return tools.vault.onChange(({ id, person }, what) => {
    if (what !== 'ended' && what !== 'replaced') return
    state.pool.dropConnection(id)
    sessions.dropConnection(id)
    if (what === 'ended' && person !== null)
      running.cut((principal) => tools.access.personBehind(principal) === person)
  })
}

interface Face {
  readonly tools: GatewayTools
  readonly sessions: LegacySessions
  readonly state: ModernState
  readonly sse: SseClients
}

/** The streams of sessions, and their end. */
function acceptBodiless({ tools, sessions, sse }: Face, request: Received): void {
  const { method } = request.req
  if (sse.isOpening(request)) return sse.open(request)
  if (method !== 'GET' && method !== 'DELETE') throw new ParleyError('method_not_allowed', 'Use POST here.')
  void serveSessionMethod(tools, sessions, request)
}

/** A POST with its body: sorted into request and message, modern and legacy. */
function receive(face: Face, request: Received, body: Buffer): void {
  const { tools, sessions, state, sse } = face
  const startedMicros = tools.clock.monotonicMicros()
  let idJson: string | undefined
  try {
    if (sse.isMeant(request)) return sse.receive(request, body)
    if (isBatch(body) && request.headers.sessionId !== undefined) {
      const session = sessions.find(request.headers, request.principal, request.scope)
      return serveBatch(tools, session, request, body)
    }
    const envelope = scan(body)
    const method = methodOf(envelope, request.headers)
    const id = envelope.span('id')
    idJson = id && readId(envelope, id.start, id.end)
    checkEnvelope(envelope, method, id !== undefined)
    const modern = isModern(request.headers, envelope)
    if (method === undefined || idJson === undefined) {
      void acceptMessage(face, request, { body, modern })
      return
    }
    const call: Call = { ...request, envelope, method, idJson, startedMicros, ...UNDECIDED }
    if (modern) serveModern(tools, state, call)
    else void serveLegacy(tools, sessions, call)
  } catch (error) {
    sendError(request.res, toParleyError(error), idJson)
  }
}

/** Notifications, and a legacy client's responses. The modern revision knows none over HTTP; they are let pass. */
async function acceptMessage(
  face: Face,
  request: Received,
  message: { body: Buffer; modern: boolean },
): Promise<void> {
  try {
    if (!message.modern) {
      const session = face.sessions.find(request.headers, request.principal, request.scope)
      await acceptLegacyMessage(session, face.tools, message.body)
    }
    request.res.writeHead(202).end()
  } catch (error) {
    sendError(request.res, toParleyError(error), undefined)
  }
}

/** RFC 6750 §2.3 is not offered: addresses end up in logs. With a header as well, two ways are used at once (§2). */
function refuseQueryToken(
  tools: GatewayTools,
  url: string,
  { resource, headers }: { resource: string; headers: McpHeaders },
): void {
  if (!/[?&]access_token(?:[=&]|$)/.test(url)) return
  const challenges = tools.challenges(resource)
  throw headers.authorization === undefined ? challenges.missing() : challenges.malformed()
}

const SINGLE_PREFIX = '/mcp/servers/'
const BUNDLE_PREFIX = '/mcp/bundles/'

function scopeOf(path: string): Scope {
  if (path === '/mcp' || path === '/mcp/') return { kind: 'merged' }
  if (path.startsWith(SINGLE_PREFIX)) {
    const name = path.slice(SINGLE_PREFIX.length).replace(/\/$/, '')
    if (/^[a-z0-9-]{1,40}$/.test(name)) return { kind: 'single', name }
  }
  if (path.startsWith(BUNDLE_PREFIX)) {
    const bundle = path.slice(BUNDLE_PREFIX.length).replace(/\/$/, '')
    if (/^[a-z0-9-]{1,40}$/.test(bundle)) return { kind: 'merged', bundle }
  }
  throw new ParleyError(
    'not_found',
    'There is nothing here; the endpoints are /mcp, /mcp/bundles/{bundle} and /mcp/servers/{server}.',
  )
}

/** `/mcp?toolSearch=on`: one client searches where the others see all, or the other way round. */
function withSearch(scope: Scope, url: string): Scope {
  const search = /[?&]toolSearch=(on|off)(?:&|$)/.exec(url)?.[1]
  return scope.kind === 'single' || search === undefined
    ? scope
    : { ...scope, search: search as 'on' | 'off' }
}

function refuseOtherMedia(req: IncomingMessage): void {
  const type = req.headers['content-type']
  if (type !== undefined && /^application\/json\s*(?:;|$)/i.test(type)) return
  throw new ParleyError('unsupported_media_type', 'Content-Type must be application/json.')
}

/** A request that carries modern metadata is served as modern, any other as a session's (MCP 2026-07-28, Compatibility Matrix). */
function isModern(headers: McpHeaders, envelope: Envelope): boolean {
  if (envelope.has(META.version)) return true
  if (headers.version === undefined) {
    // Some clients mirror the method of a legacy `initialize` too.
    const mirrors = headers.method !== undefined && !envelope.is('method', 'initialize')
    return mirrors && headers.sessionId === undefined
  }
  return !/^2024-|^2025-/.test(headers.version)
}
