import { ParleyError } from '@parley/contract'
import type { LaneExchange as EgressExchange, LaneHead, Outlet } from '../egress/index.ts'
import { refuseEncoding, responseTooLarge } from '../egress/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { joinChunks } from '../lib/join-chunks.ts'
import { Deadline } from './deadline.ts'
import { challengeOf, toStatusError } from './http-status-error.ts'
import { readMessage } from './message-reader.ts'
import type { Report } from './report.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

/**
 * The way to a modern HTTP server for messages that need no translation: the bytes of a request out, the bytes of
 * its answer back. Bulkhead, time limits and health are those of every other exchange with the server.
 */
export interface Lane {
  /**
   * `head`: complete `name: value\r\n` lines besides those every request has. Throws `unavailable` when the server
   * has as many calls under way as it may, or its last failure while it is left alone.
   */
  send(request: { readonly head: string; readonly body: Buffer }, receiver: LaneReceiver): LaneExchange
  /** Says what the server did that it must not do. */
  readonly report: Report
}

/** Hears what comes back. What it throws ends the exchange, and it then hears it by `onError`. */
export interface LaneReceiver {
  /** The whole answer, one JSON body. */
  onJson(body: Buffer): void
  /** The answer is an event stream. */
  onStream(): void
  /** Bytes of the stream as they come, cut anywhere. */
  onEvents(chunk: Buffer): void
  /** The end of the stream. */
  onEnd(): void
  /** Instead of everything that is still to come: a ParleyError as from `Channel.exchange`. */
  onError(error: ParleyError): void
}

export interface LaneExchange {
  /** The caller has gone: the server is told by closing the exchange, and the receiver hears nothing more. */
  abort(): void
  /** The server gave a sign of life that counts: its time begins again. */
  extend(): void
  /** The response has come: nothing more is wanted, but the server may end its stream in peace. */
  finish(): void
  pause(): void
  resume(): void
}

export interface LaneOptions {
  readonly outlet: Outlet
  readonly path: string
  readonly guard: UpstreamGuard
  readonly clock: Clock
  readonly report: Report
  readonly limits: { readonly resultBytes: number; readonly timeoutMs: number; readonly totalMs: number }
}

const COMMON_HEAD =
  'content-type: application/json\r\naccept: application/json, text/event-stream\r\n' +
  'accept-encoding: identity\r\nmcp-protocol-version: 2026-07-28\r\n'
/** A stream may carry this many times the size of its largest message. */
const STREAM_FACTOR = 10
/** A server that leaves its stream open after the response is left alone this long, so that the connection is kept. */
const LINGER_MS = 1000

export function createLane(options: LaneOptions): Lane {
  const { outlet, path, guard, limits } = options
  const sendTo = outlet.lane.endpoint({
    path,
    head: COMMON_HEAD,
    headersTimeoutMs: limits.timeoutMs,
    idleTimeoutMs: limits.timeoutMs,
  })
  return {
    report: options.report,
    send({ head, body }, receiver) {
      guard.enter()
      const running = new Running(options, receiver)
      try {
        running.start(sendTo(head, body, running))
      } catch (error) {
        guard.leave()
        throw error
      }
      return running
    },
  }
}

/** One exchange: HTTP on the one side, a whole body or a stream on the other. */
class Running implements LaneExchange {
  readonly #options: LaneOptions
  readonly #receiver: LaneReceiver
  #exchange: EgressExchange | undefined
  /** Only an answer that does not come in one piece needs one: bytes alone are no sign of life. */
  #deadline: Deadline | undefined
  #linger: Timer | undefined
  #status = 0
  #isStream = false
  #isJson = false
  #expected = -1
  #chunks: Buffer[] | undefined
  #bytes = 0
  #over = false
  #finished = false

  constructor(options: LaneOptions, receiver: LaneReceiver) {
    this.#options = options
    this.#receiver = receiver
  }

  start(exchange: EgressExchange): void {
    this.#exchange = exchange
    if (this.#over) exchange.abort()
  }

  onHead(head: LaneHead): void {
    if (this.#over) return
    const encoded = refuseEncoding(head.contentEncoding)
    if (encoded) return this.#fail(encoded)
    this.#status = head.status
    const challenge = head.status < 401 ? undefined : challengeOf(head.status, head.wwwAuthenticate)
    if (challenge !== undefined) return this.#fail(toStatusError(head.status, challenge))
    const type = head.contentType ?? ''
    this.#isJson = isMediaType(type, 'application/json')
    this.#isStream = head.status === 200 && isMediaType(type, 'text/event-stream')
    this.#expected = head.contentLength
    if (this.#isStream) {
      this.#startDeadline()
      this.#attempt(() => this.#receiver.onStream())
    } else if (head.contentLength > this.#options.limits.resultBytes) {
      this.#fail(responseTooLarge(this.#options.limits.resultBytes))
    }
  }

  onData(chunk: Buffer): void {
    if (this.#over || this.#finished) return
    this.#bytes += chunk.length
    const { resultBytes } = this.#options.limits
    const limitBytes = this.#isStream ? resultBytes * STREAM_FACTOR : resultBytes
    if (this.#bytes > limitBytes) return this.#fail(responseTooLarge(limitBytes))
    if (this.#isStream) return this.#attempt(() => this.#receiver.onEvents(chunk))
    if (!this.#isJson) return
    if (this.#chunks === undefined && chunk.length === this.#expected) return this.#take(chunk)
    this.#startDeadline()
    this.#chunks ??= []
    this.#chunks.push(chunk)
  }

  onEnd(): void {
    if (this.#over) return
    if (this.#isStream) {
      this.#leave()
      if (!this.#finished) this.#tell(() => this.#receiver.onEnd())
    } else if (this.#chunks !== undefined) {
      this.#take(joinChunks(this.#chunks))
    } else {
      this.#fail(toStatusError(this.#status))
    }
  }

  onError(error: ParleyError): void {
    this.#fail(error)
  }

  abort(): void {
    if (!this.#leave()) return
    this.#exchange?.abort()
  }

  finish(): void {
    if (this.#over || this.#finished) return
    this.#finished = true
    this.#options.guard.seen()
    this.#deadline?.stop()
    this.#linger = this.#options.clock.setTimeout(() => this.abort(), LINGER_MS)
  }

  extend(): void {
    this.#deadline?.extend()
  }

  pause(): void {
    this.#exchange?.pause()
  }

  resume(): void {
    this.#exchange?.resume()
  }

  /** A whole body. Under an error status it may be anything: then the status alone tells what there is to know. */
  #take(body: Buffer): void {
    if (this.#status !== 200 && !isMessage(body)) return this.#fail(toStatusError(this.#status))
    this.#leave()
    this.#tell(() => this.#receiver.onJson(body))
  }

  /** Runs the receiver for the last time: the exchange is over, and went well unless the receiver throws. */
  #tell(last: () => void): void {
    const { guard } = this.#options
    try {
      last()
      guard.seen()
    } catch (error) {
      const known = toUsableError(error)
      guard.failed(known)
      this.#receiver.onError(known)
    }
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(toUsableError(error))
    }
  }

  #fail(error: ParleyError): void {
    if (!this.#leave()) return
    this.#exchange?.abort()
    if (this.#finished) return
    this.#options.guard.failed(error)
    this.#receiver.onError(error)
  }

  #startDeadline(): void {
    const { clock, limits } = this.#options
    this.#deadline ??= new Deadline({
      clock,
      idleMs: limits.timeoutMs,
      totalMs: limits.totalMs,
      onExpire: (error) => this.#fail(error),
    })
  }

  #leave(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#deadline?.stop()
    this.#linger?.cancel()
    this.#options.guard.leave()
    return true
  }
}

function isMediaType(contentType: string, type: string): boolean {
  if (contentType === type) return true
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === type
}

function isMessage(body: Buffer): boolean {
  try {
    readMessage(body)
    return true
  } catch {
    // The caller says what it was instead.
    return false
  }
}

function toUsableError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('upstream_invalid', 'The server sent an answer that cannot be used.', {
    cause: error,
  })
}
