import { ParleyError, isSessionRevision } from '@parley/contract'
import type { JsonObject, Message, Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  SessionResumption,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { postMessage, type PostEnd } from './http-post.ts'
import { toStatusError } from './http-status-error.ts'
import { authorization, type HttpWire } from './http-wire.ts'
import { initialize, readSessionId } from './legacy-info.ts'
import { toOutcome } from './modern-http-channel.ts'
import { NO_EVENTS } from './no-events.ts'
import { postHeaders, sessionHeaders } from './request-headers.ts'
import { SessionRouter } from './session-router.ts'
import { SessionStream } from './session-stream.ts'
import { StreamCursor } from './stream-cursor.ts'
import { LegacySubscriptions } from './legacy-subscriptions.ts'

/** How often one response may be come back for. */
const MAX_RESUMES = 100
const DELETE_TIMEOUT_MS = 2000

/**
 * Opens a session: `initialize`, then `notifications/initialized` (MCP 2025-11-25, Lifecycle). One of an earlier time is taken up
 * as it is: what `known` says of the server still holds.
 */
export async function openLegacyHttpChannel(
  wire: HttpWire,
  terms: SessionTerms & { readonly known?: UpstreamInfo | undefined },
  signal: AbortSignal,
): Promise<Channel> {
  const session = new LegacyHttpSession(wire)
  if (terms.sessionId !== undefined && terms.known) {
    session.takeUp(terms.sessionId, terms.known)
    return session
  }
  try {
    if (terms.resumption) session.resume(terms.resumption)
    else await session.initialize(terms, signal)
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

interface Reading {
  readonly message: JsonObject
  readonly id: number
  readonly events: ExchangeEvents
  /** Aborted when nobody waits for the response any more. */
  readonly signal: AbortSignal
}

class LegacyHttpSession implements Channel {
  readonly #wire: HttpWire
  readonly #router: SessionRouter
  readonly #subscriptions: LegacySubscriptions
  readonly #over = new AbortController()
  #sessionId: string | undefined
  #info: UpstreamInfo | undefined
  #stream: SessionStream | undefined

  constructor(wire: HttpWire) {
    this.#wire = wire
    this.#router = new SessionRouter((message) => this.#tell(message, 'undelivered-answer'), wire.report)
    this.#subscriptions = new LegacySubscriptions(this, this.#router, this.#over.signal)
  }

  get info(): UpstreamInfo {
    return this.#info!
  }

  get closed(): boolean {
    return this.#over.signal.aborted
  }

  get sessionId(): string | undefined {
    return this.#sessionId
  }

  get resumption(): SessionResumption | undefined {
    const { revision } = this.#router
    return revision === undefined || this.closed ? undefined : { revision, sessionId: this.#sessionId }
  }

  takeUp(sessionId: string, info: UpstreamInfo): void {
    this.#sessionId = sessionId
    this.#info = info
    const { revision } = info
    if (isSessionRevision(revision)) this.#router.revision = revision
  }

  /** What the server says of itself is not asked again; whether the session is still there shows at the next request. */
  resume({ revision, sessionId }: SessionResumption): void {
    const said = {
      serverInfo: undefined,
      instructions: undefined,
      discover: undefined,
      initialize: undefined,
    }
    this.#info = { era: '2025-11-25', revision, capabilities: {}, ...said }
    this.#router.revision = revision
    this.#sessionId = sessionId
  }

  abandon(): void {
    this.#sessionId = undefined
    this.#end(new ParleyError('unavailable', 'The hub is stopping.'))
  }

  async initialize(terms: SessionTerms, signal: AbortSignal): Promise<void> {
    const ask = (params: JsonObject) => this.exchange('initialize', params, NO_EVENTS, signal)
    const info = await initialize(terms, ask)
    this.#info = info
    this.#router.revision = info.revision
    await this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' }, signal)
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    signal.throwIfAborted()
    this.#over.signal.throwIfAborted()
    const { id, message, response } = this.#router.begin(method, params, events)
    const reading = new AbortController()
    const onAbort = () => {
      if (!this.#router.abandon(id, signal.reason) || method === 'initialize') return
      this.#tell(
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } },
        'undelivered-answer',
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#read({ message, id, events, signal: reading.signal }).catch((error: unknown) =>
      this.#router.abandon(id, error),
    )
    try {
      return await response
    } finally {
      signal.removeEventListener('abort', onAbort)
      reading.abort()
    }
  }

  /** POSTs a request and reads until its response is there, coming back for it when the stream broke off. */
  async #read({ message, id, events, signal }: Reading): Promise<void> {
    const cursor = new StreamCursor()
    let answered = false
    const onMessage = (received: Message, status: number) => {
      if (status === 404 && this.#sessionId !== undefined) throw this.#lost()
      answered ||= received.kind === 'response' && received.message.id === id
      this.#receive(received, id)
      return answered
    }
    const reading = { signal, onMessage, ready: () => events.ready?.() }
    let end = await resumable(cursor, this.#post(message, { ...reading, onEvent: cursor.take }))
    for (let round = 0; !answered && isPaused(end, cursor) && round < MAX_RESUMES; round++) {
      if (end) events.paused?.(cursor.retryMs)
      await pause(this.#wire, cursor.retryMs, signal)
      end = await resumable(cursor, this.#get(cursor, reading))
    }
    if (answered) return
    if (end?.status === 404 && this.#sessionId !== undefined) throw this.#lost()
    throw end
      ? toStatusError(end.status, end.challenge)
      : new ParleyError('upstream_unavailable', 'The server broke off its answer.')
  }

  #post(
    message: JsonObject,
    options: Pick<Parameters<typeof postMessage>[1], 'signal' | 'onMessage' | 'onEvent' | 'ready'>,
  ) {
    return postMessage(this.#wire, {
      ...options,
      method: 'POST',
      isBatching: () => this.#router.takesBatches,
      headers: postHeaders(this.#info?.revision, this.#sessionId),
      body: JSON.stringify(message),
      onHeaders: (_status, headers) => {
        if (message['method'] === 'initialize') this.#sessionId = readSessionId(headers['mcp-session-id'])
      },
    })
  }

  #get(
    cursor: StreamCursor,
    options: Pick<
      Parameters<typeof postMessage>[1],
      'signal' | 'onMessage' | 'onHeaders' | 'endless' | 'ready'
    >,
  ) {
    const { lastEventId } = cursor
    return postMessage(this.#wire, {
      ...options,
      method: 'GET',
      isBatching: () => this.#router.takesBatches,
      headers: {
        accept: 'text/event-stream',
        ...sessionHeaders(this.#info?.revision, this.#sessionId),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      onEvent: cursor.take,
    })
  }

  /** `owner` is the request on whose stream the message came. */
  #receive(received: Message, owner: number | undefined): void {
    if (received.kind === 'notification') this.#router.notification(received.message, owner)
    else if (received.kind === 'request') void this.#router.request(received.message, owner)
    else this.#router.response(received.message.id, toOutcome(received))
  }

  async #send(message: JsonObject, signal: AbortSignal): Promise<void> {
    const onMessage = () => false
    const end = await this.#post(message, { signal: AbortSignal.any([signal, this.#over.signal]), onMessage })
    if (end.status === 404 && this.#sessionId !== undefined) throw this.#lost()
    if (end.status >= 300) throw toStatusError(end.status, end.challenge)
  }

  /** Sends what nobody waits for. */
  #tell(message: JsonObject, fault: 'undelivered-answer'): void {
    if (this.closed) return
    this.#send(message, this.#over.signal).catch(() =>
      this.#wire.report(fault, String(message['method'] ?? 'response')),
    )
  }

  notify(method: string, params: JsonObject | undefined): Promise<void> {
    const message = { jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) }
    return this.#send(message, this.#over.signal)
  }

  setSessionEvents(events: Partial<ExchangeEvents>): Promise<void> {
    this.#router.setSessionEvents(events)
    return this.#openStream().ready
  }

  async subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    this.#over.signal.throwIfAborted()
    await this.#openStream().ready
    return this.#subscriptions.open(filter, onNotification, signal)
  }

  #openStream(): SessionStream {
    this.#stream ??= new SessionStream({
      clock: this.#wire.clock,
      over: this.#over.signal,
      get: (cursor, onOpen) =>
        this.#get(cursor, {
          signal: this.#over.signal,
          endless: true,
          onHeaders: onOpen,
          onMessage: (received) => {
            this.#receive(received, undefined)
            return false
          },
        }),
      onLost: () => this.#lost(),
    })
    return this.#stream
  }

  #lost(): ParleyError {
    this.#wire.report('lost-session', 'the server answered 404')
    const error = new ParleyError('upstream_unavailable', 'The server has ended the session.', {
      data: { status: 404 },
    })
    this.#end(error)
    return error
  }

  #end(error: ParleyError): void {
    if (this.closed) return
    this.#over.abort(error)
    this.#router.abandonAll(error)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.#end(
      new ParleyError('upstream_unavailable', 'The session with the server was closed.', {
        data: { status: 404 },
      }),
    )
    if (this.#sessionId === undefined) return
    try {
      // Throws when the credential has ended: then the server is left to find out by itself.
      const headers = {
        ...sessionHeaders(this.#info?.revision, this.#sessionId),
        ...authorization(this.#wire),
      }
      const { path, outlet } = this.#wire
      await outlet.request({ method: 'DELETE', path, headers, timeoutMs: DELETE_TIMEOUT_MS })
    } catch {
      this.#wire.report('lost-session', 'it could not be ended')
    }
  }
}

/** A connection that broke off is no failure when the stream can be taken up again; then the end is undefined. */
async function resumable(cursor: StreamCursor, exchange: Promise<PostEnd>): Promise<PostEnd | undefined> {
  try {
    return await exchange
  } catch (error) {
    const isBroken =
      error instanceof ParleyError && error.code === 'upstream_unavailable' && error.data === undefined
    if (isBroken && cursor.lastEventId !== undefined) return undefined
    throw error
  }
}

function isPaused(end: PostEnd | undefined, cursor: StreamCursor): boolean {
  return cursor.lastEventId !== undefined && (end === undefined || end.kind === 'stream')
}

function pause(wire: HttpWire, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      timer.cancel()
      reject(signal.reason as Error)
    }
    const timer = wire.clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
