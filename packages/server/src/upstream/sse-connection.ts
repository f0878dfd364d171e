import { ParleyError, knows, toParleyError } from '@parley/contract'
import type { JsonObject, Message, Outcome } from '../lib/json-rpc.ts'
import type { SseEvent } from '../lib/sse.ts'
import type { ExchangeEvents } from './channel.ts'
import { postMessage } from './http-post.ts'
import { toStatusError } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import type { MessagePipe, PipeEvents } from './legacy-pipe-channel.ts'
import { toOutcome } from './modern-http-channel.ts'
import { postHeaders } from './request-headers.ts'
import { SessionRouter } from './session-router.ts'

/** A server says where to POST as soon as its stream is open. */
const ENDPOINT_MS = 10_000
const MAX_ENDPOINT_LENGTH = 4096

/**
 * One session over HTTP+SSE (MCP 2024-11-05, HTTP with SSE): everything comes on the stream of one GET, and each message
 * goes to the address that its first event told. The session is over when the stream is.
 */
export class SseConnection implements MessagePipe {
  readonly isHttpSse = true
  readonly router: SessionRouter
  events: PipeEvents = { notification() {}, request() {} }
  readonly #wire: HttpWire
  readonly #over = new AbortController()
  readonly #opened = Promise.withResolvers<SseConnection | ParleyError>()
  #path: string | undefined

  private constructor(wire: HttpWire) {
    this.#wire = wire
    this.router = new SessionRouter((message) => this.send(message), wire.report)
  }

  /** Opens the stream; answers why not when the server has none. Throws `upstream_invalid` for an address on another origin. */
  static async open(wire: HttpWire, signal: AbortSignal): Promise<SseConnection | ParleyError> {
    const connection = new SseConnection(wire)
    const onAbort = () => connection.#end(signal.reason as Error)
    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = wire.clock.setTimeout(
      () => connection.#end(new ParleyError('upstream_timeout', 'The server did not say where to POST.')),
      ENDPOINT_MS,
    )
    void connection.#read()
    try {
      return await connection.#opened.promise
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  get closed(): boolean {
    return this.#over.signal.aborted
  }

  get over(): AbortSignal {
    return this.#over.signal
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    signal.throwIfAborted()
    this.#over.signal.throwIfAborted()
    const { id, message, response } = this.router.begin(method, params, events)
    const onAbort = () => {
      if (!this.router.abandon(id, signal.reason) || method === 'initialize') return
      void this.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#post(message).catch((error: unknown) => this.router.abandon(id, error))
    try {
      return await response
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Sends what nobody waits for. */
  async send(message: object): Promise<void> {
    if (this.closed) return
    try {
      await this.#post(message)
    } catch {
      this.#wire.report('undelivered-answer', String((message as JsonObject)['method'] ?? 'response'))
    }
  }

  close(): Promise<void> {
    this.#end(new ParleyError('upstream_unavailable', 'The session with the server was closed.'))
    return Promise.resolve()
  }

  async #read(): Promise<void> {
    try {
      const end = await postMessage(this.#wire, {
        method: 'GET',
        headers: { accept: 'text/event-stream' },
        signal: this.#over.signal,
        endless: true,
        isBatching: () => this.router.takesBatches,
        onEvent: (event) => this.#takeEvent(event),
        onMessage: (message) => {
          this.#receive(message)
          return false
        },
      })
      const isStream = end.kind === 'stream'
      this.#end(
        isStream
          ? new ParleyError('upstream_unavailable', 'The server has ended the session.')
          : toStatusError(end.status),
      )
    } catch (error) {
      this.#end(toParleyError(error))
    }
  }

  #takeEvent({ event, data }: SseEvent): void {
    if (event !== 'endpoint' || this.#path !== undefined) return
    this.#path = this.#readEndpoint(data)
    this.#opened.resolve(this)
  }

  /** An address elsewhere would take the session's messages, and whatever they hold, to a server nobody allowed. */
  #readEndpoint(data: string): string {
    const { outlet, path } = this.#wire
    const base = new URL(path, outlet.origin)
    const url =
      data.length <= MAX_ENDPOINT_LENGTH && URL.canParse(data, base.href) ? new URL(data, base) : undefined
    if (url?.origin === base.origin) return url.pathname + url.search
    throw new ParleyError('upstream_invalid', 'The server says to POST to an address that is not its own.')
  }

  #receive(received: Message): void {
    if (received.kind === 'response') this.router.response(received.message.id, toOutcome(received))
    else if (received.kind === 'notification') this.events.notification(received.message)
    else this.events.request(received.message)
  }

  async #post(message: object): Promise<void> {
    const { revision } = this.router
    const version = revision !== undefined && knows(revision, 'versionHeader') ? revision : undefined
    const end = await postMessage(
      { ...this.#wire, path: this.#path! },
      {
        method: 'POST',
        headers: postHeaders(version, undefined),
        body: JSON.stringify(message),
        signal: this.#over.signal,
        // The answer comes on the stream; what a server says here too is heard once.
        onMessage: () => false,
      },
    )
    if (end.status < 300) return
    const error = toStatusError(end.status)
    if (end.status === 404) this.#end(error)
    throw error
  }

  #end(error: Error): void {
    if (this.closed) return
    this.#over.abort(error)
    this.router.abandonAll(error)
    if (error instanceof ParleyError && error.code !== 'upstream_invalid') this.#opened.resolve(error)
    else this.#opened.reject(error)
  }
}
