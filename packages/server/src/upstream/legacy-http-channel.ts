import { ParleyError } from '@parley/contract'
import type { JsonObject, Message, Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { postMessage } from './http-post.ts'
import { LEGACY_VERSIONS, toLegacyInfo } from './legacy-info.ts'
import { noAnswer, type HttpWire } from './modern-http-channel.ts'
import { legacyHeaders } from './request-headers.ts'
import { SessionRouter } from './session-router.ts'
import { subscribeLegacy } from './subscribe-legacy.ts'

const MAX_RESUMES = 50
const MAX_RETRY_MS = 10_000
const NO_EVENTS: ExchangeEvents = {
  notification() {},
  serverRequest: () => Promise.resolve({ error: { code: -32601, message: 'Not during initialize.' } }),
}

/** Opens a session: `initialize`, then `notifications/initialized` (MCP 2025-11-25, Lifecycle). */
export async function openLegacyHttpChannel(
  wire: HttpWire,
  terms: SessionTerms,
  signal: AbortSignal,
): Promise<Channel> {
  const session = new LegacyHttpSession(wire)
  await session.initialize(terms, signal)
  return session
}

class LegacyHttpSession implements Channel {
  readonly #wire: HttpWire
  readonly #router: SessionRouter
  readonly #ending = new AbortController()
  #sessionId: string | undefined
  #version: string = LEGACY_VERSIONS[0]!
  #info: UpstreamInfo | undefined
  #follows = false
  closed = false

  constructor(wire: HttpWire) {
    this.#wire = wire
    this.#router = new SessionRouter(
      (message) =>
        void this.#send(message).catch(() => wire.report('an answer that the server did not take')),
      false,
    )
  }

  get info(): UpstreamInfo {
    return this.#info!
  }

  async initialize(terms: SessionTerms, signal: AbortSignal): Promise<void> {
    const params = {
      protocolVersion: this.#version,
      capabilities: terms.capabilities,
      clientInfo: terms.clientInfo,
    }
    const outcome = await this.exchange('initialize', params, NO_EVENTS, signal)
    this.#info = toLegacyInfo(outcome)
    this.#version = String(this.#info.initialize?.['protocolVersion'])
    await this.notify('notifications/initialized', undefined)
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (this.closed) throw new ParleyError('upstream_unavailable', 'The session with the server has ended.')
    const { id, message, response } = this.#router.begin(method, params, events)
    const onAbort = () => {
      this.#router.abandon(id, signal.reason)
      if (method !== 'initialize')
        void this.notify('notifications/cancelled', { requestId: id }).catch(() =>
          this.#wire.report('a lost cancellation'),
        )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const reading = new AbortController()
    this.#run(message, id, AbortSignal.any([signal, this.#ending.signal, reading.signal])).catch(
      (error: unknown) => this.#router.abandon(id, error),
    )
    try {
      return await response
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** POSTs a request and reads until its response is there, coming back for it when the stream was only paused. */
  async #run(message: JsonObject, id: number, signal: AbortSignal): Promise<void> {
    let lastEventId: string | undefined
    let retryMs = 1000
    let answered = false
    const onEvent = (event: { id: string | undefined; retryMs: number | undefined }) => {
      lastEventId = event.id ?? lastEventId
      retryMs = Math.min(MAX_RETRY_MS, event.retryMs ?? retryMs)
    }
    const onMessage = (received: Message) => {
      if (received.kind === 'response' && received.message.id === id) answered = true
      this.#receive(received, id)
    }
    let end = await this.#post(message, { signal, onEvent, onMessage })
    for (
      let round = 0;
      !answered && end.kind === 'stream' && lastEventId !== undefined && round < MAX_RESUMES;
      round++
    ) {
      await new Promise((resolve) => setTimeout(resolve, retryMs))
      end = await this.#get(lastEventId, { signal, onEvent, onMessage })
    }
    if (!answered) throw end.status === 404 ? this.#lost() : noAnswer(end.status)
  }

  #lost(): ParleyError {
    this.closed = true
    return new ParleyError('upstream_unavailable', 'The server has ended the session.', {
      data: { status: 404 },
    })
  }

  #post(
    message: JsonObject,
    options: Pick<Parameters<typeof postMessage>[0], 'signal' | 'onMessage' | 'onEvent'>,
  ) {
    return postMessage({
      ...this.#common(),
      ...options,
      headers: legacyHeaders(this.#version, this.#sessionId),
      body: JSON.stringify(message),
      idleTimeoutMs: this.#wire.timeoutMs,
      onHeaders: (_status, headers) => {
        const id = headers['mcp-session-id']
        if (message['method'] === 'initialize' && typeof id === 'string') this.#sessionId = id
      },
    })
  }

  #get(
    lastEventId: string | undefined,
    options: Pick<Parameters<typeof postMessage>[0], 'signal' | 'onMessage' | 'onEvent'>,
  ) {
    const { 'content-type': _type, ...headers } = legacyHeaders(this.#version, this.#sessionId)
    return postMessage({
      ...this.#common(),
      ...options,
      method: 'GET',
      body: undefined,
      headers: {
        ...headers,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      idleTimeoutMs: 0,
    })
  }

  #common() {
    return { outlet: this.#wire.outlet, path: this.#wire.path, limitBytes: this.#wire.limitBytes }
  }

  #receive(message: Message, owner: number | undefined): void {
    if (message.kind === 'notification') this.#router.notification(message.message, owner)
    else if (message.kind === 'request') void this.#router.request(message.message, owner)
    else {
      const { id } = message.message
      const outcome: Outcome =
        'result' in message.message ? { result: message.message.result } : { error: message.message.error }
      if (!this.#router.response(id, outcome)) this.#wire.report('a response to nothing that was asked')
    }
  }

  async #send(message: JsonObject): Promise<void> {
    const end = await this.#post(message, {
      signal: this.#ending.signal,
      onMessage: (received) => this.#receive(received, undefined),
    })
    if (end.status === 404) throw this.#lost()
  }

  notify(method: string, params: JsonObject | undefined): Promise<void> {
    return this.#send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
  }

  setSessionEvents(events: Partial<ExchangeEvents>): void {
    this.#router.setSessionEvents(events)
    this.#openStream()
  }

  subscribe(
    filter: SubscriptionFilter,
    onNotification: Parameters<Channel['subscribe']>[1],
    signal: AbortSignal,
  ): Promise<Subscription> {
    this.#openStream()
    return subscribeLegacy({
      channel: this,
      filter,
      onNotification,
      signal,
      listen: (listener) => this.#router.listen(listener),
      ended: this.#ending.signal,
    })
  }

  /** The session's own stream; a server that has none answers 405, and then there is none. */
  #openStream(): void {
    if (this.#follows) return
    this.#follows = true
    void this.#followStream()
  }

  async #followStream(): Promise<void> {
    let lastEventId: string | undefined
    let waitMs = 1000
    while (!this.closed && !this.#ending.signal.aborted) {
      try {
        const end = await this.#get(lastEventId, {
          signal: this.#ending.signal,
          onEvent: (event) => {
            lastEventId = event.id ?? lastEventId
            waitMs = Math.min(MAX_RETRY_MS, event.retryMs ?? 1000)
          },
          onMessage: (message) => this.#receive(message, undefined),
        })
        if (end.status !== 200) return
      } catch {
        // A lost stream is opened again; a lost session shows at the next exchange.
        waitMs = Math.min(30_000, waitMs * 2)
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs).unref())
    }
  }

  async close(): Promise<void> {
    if (this.closed && this.#ending.signal.aborted) return
    this.closed = true
    const gone = new ParleyError('upstream_unavailable', 'The session with the server has ended.')
    this.#router.abandonAll(gone)
    this.#ending.abort(gone)
    if (this.#sessionId === undefined) return
    const { 'content-type': _type, ...headers } = legacyHeaders(this.#version, this.#sessionId)
    await this.#wire.outlet
      .request({ method: 'DELETE', path: this.#wire.path, headers, timeoutMs: 2000 })
      .catch(() => this.#wire.report('a session that could not be ended'))
  }
}
