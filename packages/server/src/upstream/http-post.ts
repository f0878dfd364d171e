import { ParleyError } from '@parley/contract'
import type { OutletStream } from '../egress/index.ts'
import type { Message } from '../lib/json-rpc.ts'
import { SseParser, SseTooLargeError, type SseEvent } from '../lib/sse.ts'
import { challengeOf } from './http-status-error.ts'
import { authorization, type HttpWire } from './http-wire.ts'
import { readMessages } from './message-reader.ts'

export interface PostOptions {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborting closes the stream, which is how a modern request is cancelled. */
  readonly signal: AbortSignal
  /** True for a stream that has no natural end; otherwise all its messages together have a limit too. */
  readonly endless?: boolean
  /** Whether a JSON array is several messages at the moment (MCP 2025-03-26, Batching). */
  isBatching?(): boolean
  /** See `ExchangeEvents`. */
  ready?(): Promise<void> | undefined
  onHeaders?(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void
  /** Each event of an event stream, before its message; for event ids. */
  onEvent?(event: SseEvent): void
  /** Each message, in order. True ends the exchange: nothing more is wanted. Throwing ends it with that error. */
  onMessage(message: Message, status: number): boolean
}

/** What the exchange came to when it ended well. */
export interface PostEnd {
  readonly status: number
  readonly kind: 'json' | 'stream' | 'empty' | 'other'
  /** Of a 401 or 403; whatever else such an answer holds is not read. */
  readonly challenge?: string | undefined
}

/** A stream may carry this many times the size of its largest message. */
const STREAM_FACTOR = 10
/** A server that leaves its stream open after the response is left alone this long, so that the connection is kept. */
const LINGER_MS = 1000

/**
 * Sends one message and hands on what comes back, from a JSON body or an event stream alike (MCP, Streamable HTTP).
 * Resolves at the end of the answer, or as soon as nothing more is wanted. Rejects with a ParleyError
 * (`upstream_unavailable`, `upstream_timeout`, `upstream_invalid`, `egress_refused`) or the signal's reason.
 */
export function postMessage(wire: HttpWire, options: PostOptions): Promise<PostEnd> {
  if (options.signal.aborted) return Promise.reject(options.signal.reason as Error)
  return new Promise((resolve, reject) => new PostExchange(wire, options, { resolve, reject }).start())
}

class PostExchange {
  readonly #wire: HttpWire
  readonly #options: PostOptions
  readonly #settle: { resolve: (end: PostEnd) => void; reject: (error: Error) => void }
  readonly #parser: SseParser
  #stream: OutletStream | undefined
  #kind: PostEnd['kind'] = 'empty'
  #status = 0
  #challenge: string | undefined
  #chunks: Buffer[] = []
  #bytes = 0
  #over = false
  #isWaiting = false

  constructor(
    wire: HttpWire,
    options: PostOptions,
    settle: { resolve: (end: PostEnd) => void; reject: (error: Error) => void },
  ) {
    this.#wire = wire
    this.#options = options
    this.#settle = settle
    this.#parser = new SseParser(wire.limitBytes)
  }

  start(): void {
    const { method, body, signal } = this.#options
    signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#attempt(() => {
      const headers = { ...this.#options.headers, ...authorization(this.#wire) }
      this.#stream = this.#wire.outlet.stream(
        // Time limits are those of the exchange, not of the pauses between its parts.
        { method, path: this.#wire.path, headers, ...(body === undefined ? {} : { body }), idleTimeoutMs: 0 },
        {
          onStart: (status, received) => this.#attempt(() => this.#begin(status, received)),
          onChunk: (chunk) => this.#attempt(() => this.#read(chunk)),
          onEnd: () => this.#attempt(() => this.#finish()),
          onError: (error) => this.#fail(error),
        },
      )
    })
  }

  readonly #onAbort = () => this.#fail(this.#options.signal.reason as Error)

  #begin(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.#status = status
    this.#challenge = challengeOf(status, headers['www-authenticate'])
    this.#kind = this.#challenge === undefined ? kindOf(String(headers['content-type'] ?? '')) : 'other'
    this.#options.onHeaders?.(status, headers)
  }

  #read(chunk: Buffer): void {
    if (this.#over) return
    this.#bytes += chunk.length
    if (this.#kind === 'stream') {
      const { limitBytes } = this.#wire
      if (!this.#options.endless && this.#bytes > limitBytes * STREAM_FACTOR)
        throw tooLarge(limitBytes * STREAM_FACTOR)
      for (const event of this.#parser.push(chunk)) {
        if (this.#over) return
        this.#takeEvent(event)
      }
      this.#keepPace()
      return
    }
    if (this.#bytes > this.#wire.limitBytes) throw tooLarge(this.#wire.limitBytes)
    if (this.#kind === 'json') this.#chunks.push(chunk)
  }

  /** The server is read no faster than whoever it is for. */
  #keepPace(): void {
    const ready = this.#over || this.#isWaiting ? undefined : this.#options.ready?.()
    if (!ready) return
    this.#isWaiting = true
    this.#stream?.pause()
    void ready.then(() => {
      this.#isWaiting = false
      this.#stream?.resume()
    })
  }

  #takeEvent(event: SseEvent): void {
    this.#options.onEvent?.(event)
    if (event.data === '' || (event.event !== undefined && event.event !== 'message')) return
    if (this.#handOn(this.#readMessages(Buffer.from(event.data)))) this.#succeed(true)
  }

  #finish(): void {
    const body = Buffer.concat(this.#chunks)
    this.#chunks = []
    if (this.#over) return
    this.#handOn(body.length === 0 ? [] : this.#readBody(body))
    this.#succeed(false)
  }

  #readMessages(bytes: Buffer): readonly Message[] {
    return readMessages(bytes, this.#options.isBatching?.() === true)
  }

  /** What came together is heard to its end, whichever of it was wanted. */
  #handOn(messages: readonly Message[]): boolean {
    let isEnough = false
    for (const message of messages) isEnough = this.#options.onMessage(message, this.#status) || isEnough
    return isEnough
  }

  /** An error status may carry a JSON-RPC error, or anything: then the status alone tells what there is to know. */
  #readBody(body: Buffer): readonly Message[] {
    try {
      return this.#readMessages(body)
    } catch (error) {
      if (this.#status < 300) throw error
      return []
    }
  }

  #succeed(isStreamOpen: boolean): void {
    if (!this.#end()) return
    if (isStreamOpen) this.#wire.clock.setTimeout(() => this.#stream?.abort(), LINGER_MS)
    const isEmpty = this.#bytes === 0 && this.#kind !== 'stream'
    this.#settle.resolve({
      status: this.#status,
      kind: isEmpty ? 'empty' : this.#kind,
      challenge: this.#challenge,
    })
  }

  #fail(error: Error): void {
    if (!this.#end()) return
    this.#stream?.abort()
    this.#settle.reject(error)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    return true
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(toUpstreamError(error))
    }
  }
}

function kindOf(contentType: string): PostEnd['kind'] {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  return type === 'text/event-stream' ? 'stream' : 'other'
}

function tooLarge(limitBytes: number): ParleyError {
  return new ParleyError('upstream_invalid', `The server's answer is larger than ${limitBytes} bytes.`)
}

function toUpstreamError(error: unknown): Error {
  if (error instanceof ParleyError) return error
  if (error instanceof SseTooLargeError)
    return new ParleyError('upstream_invalid', error.message, { cause: error })
  return new ParleyError('upstream_unavailable', 'The exchange with the server was broken off.', {
    cause: error,
  })
}
