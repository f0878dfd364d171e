import { ParleyError, toParleyError, type Principal } from '@parley/contract'
import type { EventStream } from '../http/index.ts'
import { encodeEvent } from '../lib/sse.ts'
import { limit, type Call, type GatewayTools, type Received, type Scope } from './call.ts'
import { acceptLegacyMessage, openSession, serveInSession } from './legacy-face.ts'
import type { LegacySession } from './legacy-session.ts'
import { sameScope, type LegacySessions } from './legacy-sessions.ts'
import { isBatch, readCall } from './read-message.ts'
import { failCall } from './record-call.ts'
import { sendError } from './reply.ts'
import { readBatch } from './serve-batch.ts'
import { SseReply } from './sse-reply.ts'
import { reachableEntry } from './visibility.ts'

const ID_BYTES = 24
/** The id is no credential: each POST is authenticated, and must come from whom the stream was opened for. */
const ADDRESS = /[?&]session=([\w-]{32})$/

interface SseClient {
  readonly id: string
  readonly owner: Principal
  readonly scope: Scope
  readonly stream: EventStream
  /** From `initialize` on. */
  session: LegacySession | undefined
  isInitializing: boolean
  /** The hub is stopping: the stream ends with the last answer. */
  isDraining: boolean
}

/**
 * Clients of HTTP+SSE (MCP 2024-11-05, HTTP with SSE), on the same endpoints: a GET opens the stream, whose first event
 * says where to POST. The stream is the session, and both end together.
 */
export class SseClients {
  readonly #tools: GatewayTools
  readonly #sessions: LegacySessions
  readonly #clients = new Map<string, SseClient>()

  constructor(tools: GatewayTools, sessions: LegacySessions) {
    this.#tools = tools
    this.#sessions = sessions
  }

  /** A GET for events alone, of no session: clients of Streamable HTTP have one by then, and accept JSON too. */
  isOpening({ req, headers }: Received): boolean {
    const { sessionId, version, accept } = headers
    return (
      req.method === 'GET' &&
      sessionId === undefined &&
      version === undefined &&
      accept !== undefined &&
      /^text\/event-stream\s*(?:;|$)/.test(accept)
    )
  }

  /** A POST to the address that a stream was told. */
  isMeant({ req, resource }: Received): boolean {
    return req.url!.length > resource.length + ID_BYTES && ADDRESS.test(req.url!)
  }

  /** Throws what refuses the stream. */
  open(request: Received): void {
    const { req, res, principal, scope } = request
    const url = req.url!
    limit(this.#tools, principal)
    reachableEntry(this.#tools, request)
    const place = this.#tools.clientStreams.take(principal.subject)
    const id = Buffer.from(this.#tools.random.bytes(ID_BYTES)).toString('base64url')
    const stream = place.open(req, res, {
      onClose: () => this.#end(id),
      onDrain: () => drain(client),
    })
    const client: SseClient = {
      id,
      owner: principal,
      scope,
      stream,
      session: undefined,
      isInitializing: false,
      isDraining: false,
    }
    this.#clients.set(id, client)
    stream.send(`event: endpoint\ndata: ${url}${url.includes('?') ? '&' : '?'}session=${id}\n\n`)
  }

  /** Throws what refuses the POST; a request that was accepted is answered on the stream. */
  receive(request: Received, body: Buffer): void {
    const client = this.#find(request)
    if (isBatch(body)) return this.#receiveBatch(client, request, body)
    const call = readCall(request, body, this.#tools.clock.monotonicMicros())
    if (call?.method === 'initialize') void this.#initialize(client, call)
    else if (call) void this.#serve(client, sessionOf(client), call)
    else this.#accept(sessionOf(client), request, [body])
  }

  #find({ req, principal, scope }: Received): SseClient {
    const client = this.#clients.get(ADDRESS.exec(req.url!)![1]!)
    if (!client || client.owner.subject !== principal.subject || !sameScope(client.scope, scope))
      throw new ParleyError('session_not_found', 'There is no such stream; open one with GET.')
    if (client.session) this.#sessions.use(client.session, principal)
    return client
  }

  async #initialize(client: SseClient, call: Call): Promise<void> {
    const reply = new SseReply(call, (json) => void client.stream.send(encodeEvent(json)))
    try {
      if (client.session || client.isInitializing)
        throw new ParleyError('invalid_request', 'This session is initialized already.')
      client.isInitializing = true
      const { session, result } = await openSession(this.#tools, this.#sessions, call)
      // The client may have gone while its server was asked.
      if (!this.#clients.has(client.id)) return await this.#sessions.end(session)
      reply.finish({ result })
      client.session = session
      session.ownStream.connect(client.stream)
      session.streams.keepNothing()
    } catch (error) {
      failCall(this.#tools, call, error, reply)
    } finally {
      client.isInitializing = false
    }
  }

  async #serve(client: SseClient, session: LegacySession, call: Call): Promise<void> {
    const reply = new SseReply(call, (json) => session.ownStream.send(json))
    await serveInSession({ tools: this.#tools, session, call, reply })
    if (client.isDraining) drain(client)
  }

  #receiveBatch(client: SseClient, request: Received, body: Buffer): void {
    const session = sessionOf(client)
    const { calls, others } = readBatch(this.#tools, session, request, body)
    this.#accept(session, request, others)
    for (const call of calls) void this.#serve(client, session, call)
  }

  #accept(session: LegacySession, { res }: Received, messages: readonly Buffer[]): void {
    Promise.all(messages.map((message) => acceptLegacyMessage(session, this.#tools, message))).then(
      () => void (res.headersSent || res.writeHead(202).end()),
      (error: unknown) => sendError(res, toParleyError(error), undefined),
    )
  }

  #end(id: string): void {
    const client = this.#clients.get(id)
    this.#clients.delete(id)
    if (client?.session) void this.#sessions.end(client.session)
  }
}

function sessionOf({ session }: SseClient): LegacySession {
  if (session) return session
  throw new ParleyError('invalid_request', 'Send `initialize` first.')
}

function drain(client: SseClient): void {
  client.isDraining = true
  if (!client.session || client.session.running.size === 0) client.stream.end()
}
