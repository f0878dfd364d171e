import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError, type Principal } from '@parley/contract'
import type { Authenticated } from '../identity/index.ts'
import { StrictJsonError, scanEnvelope, type Envelope } from '../lib/strict-json/index.ts'
import type { Call, GatewayTools, Scope } from './call.ts'
import { HeldCalls } from './held-calls.ts'
import { acceptLegacyMessage, serveLegacy } from './legacy-face.ts'
import { LegacySessions } from './legacy-sessions.ts'
import { ListCache } from './list-cache.ts'
import { serveModern } from './modern-face.ts'
import { LEGACY, META } from './protocol.ts'
import { readHeaders, type McpHeaders } from './read-headers.ts'
import { sendError } from './reply.ts'
import { Running } from './running.ts'
import { serveSessionMethod } from './serve-session-method.ts'
import { SessionPool } from './session-pool.ts'
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

/** The MCP face: both eras of client on the same endpoints, in front of upstreams of both. */
export function createGateway(tools: GatewayTools, readBody: ReadBody): Gateway {
  const state = openState(tools)
  const sessions = new LegacySessions(tools, state.runs)
  const running = new Running()
  const face: Face = { tools, sessions, state }

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
    } else if (req.method === 'GET' || req.method === 'DELETE') {
      void serveSessionMethod(tools, sessions, request)
    } else {
      throw new ParleyError('method_not_allowed', 'Use POST here.')
    }
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
}

/** A POST with its body: sorted into request and message, modern and legacy. */
function receive(face: Face, request: Received, body: Buffer): void {
  const { tools, sessions, state } = face
  const startedMicros = tools.clock.monotonicMicros()
  let idJson: string | undefined
  try {
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
    const unknown = {
      decision: undefined,
      capability: undefined,
      definitionHash: undefined,
      argumentsDigest: undefined,
    }
    const call: Call = { ...request, envelope, method, idJson, startedMicros, ...unknown }
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

interface Received {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: McpHeaders
  readonly principal: Principal
  readonly scope: Scope
  readonly resource: string
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

function scan(body: Buffer): Envelope {
  try {
    return scanEnvelope(body)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ParleyError(
      error.kind === 'syntax' ? 'invalid_json' : 'invalid_request',
      `The body ${error.message}.`,
      { cause: error },
    )
  }
}

/** The body's method, always; where the header says the same, it need not be decoded. */
function methodOf(envelope: Envelope, { method }: McpHeaders): string | undefined {
  return method !== undefined && envelope.is('method', method) ? method : envelope.string('method')
}

/** The id's own text when it is a string or a safe integer (MCP, Requests); throws otherwise. */
function readId(envelope: Envelope, start: number, end: number): string {
  const text = envelope.bytes.toString('utf8', start, end)
  const isText = text.startsWith('"') && text.length <= 1024
  if (!isText && !(/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)))) {
    throw new ParleyError('invalid_request', 'id must be a string or an integer.')
  }
  return text
}

function checkEnvelope(envelope: Envelope, method: string | undefined, hasId: boolean): void {
  const bad = (what: string) => new ParleyError('invalid_request', what)
  if (envelope.bytes[0] === 0x5b) throw bad('Batches are not part of this protocol; send one message.')
  if (!envelope.is('jsonrpc', '2.0')) throw bad('jsonrpc must be "2.0".')
  if (envelope.has('method') && method === undefined) throw bad('method must be a string.')
  const params = envelope.span('params')
  if (params && envelope.bytes[params.start] !== 0x7b) throw bad('params must be an object.')
  const isResponse = envelope.has('result') || envelope.has('error')
  if (method === undefined ? !(isResponse && hasId) : isResponse) throw bad('This is no JSON-RPC message.')
}

/** A request that carries modern metadata is served as modern, any other as a session's (MCP 2026-07-28, Compatibility Matrix). */
function isModern(headers: McpHeaders, envelope: Envelope): boolean {
  if (envelope.has(META.version)) return true
  if (headers.version === undefined) {
    // Some clients mirror the method of a legacy `initialize` too.
    const mirrors = headers.method !== undefined && !envelope.is('method', 'initialize')
    return mirrors && headers.sessionId === undefined
  }
  return headers.version !== LEGACY && !/^2024-|^2025-/.test(headers.version)
}
