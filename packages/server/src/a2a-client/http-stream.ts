import { ParleyError } from '@parley/contract'
import {
  refuseEncoding,
  responseTooLarge,
  type LaneExchange,
  type LaneHead,
  type LaneReceiver,
} from '../egress/index.ts'
import type { Timer } from '../lib/clock.ts'
import { joinChunks } from '../lib/join-chunks.ts'
import { SseParser, SseTooLargeError, type SseEvent } from '../lib/sse.ts'
import type { ExchangeOptions, OpenedStream, StreamReceiver } from './agent-link.ts'
import type { WrittenRequest } from './http-dialect.ts'
import type { HttpWire } from './http-wire.ts'
import { isEventStream, isJsonType } from './media-types.ts'
import { invalidAnswer, toInvalidAnswer, toRefusal, toStatusError } from './status-error.ts'

/** Opens a stream; whatever prevents it comes to the receiver, as everything else. */
export function streamOverHttp(
  wire: HttpWire,
  request: { readonly written: WrittenRequest; readonly options: ExchangeOptions },
  receiver: StreamReceiver,
): OpenedStream {
  const stream = new HttpStream(wire, request, receiver)
  stream.start()
  return stream
}

class HttpStream implements LaneReceiver, OpenedStream {
  readonly #wire: HttpWire
  #written: WrittenRequest
  readonly #options: ExchangeOptions
  readonly #receiver: StreamReceiver
  readonly #parser: SseParser
  #exchange: LaneExchange | undefined
  #status = 0
  #challenge: string | undefined
  #kind: 'stream' | 'json' | 'other' = 'other'
  /** Of an answer that is no stream. */
  #chunks: Buffer[] = []
  #bytes = 0
  #timer: Timer | undefined
  #isOver = false
  #hasPlace = false

  constructor(
    wire: HttpWire,
    { written, options }: { written: WrittenRequest; options: ExchangeOptions },
    receiver: StreamReceiver,
  ) {
    this.#wire = wire
    this.#written = written
    this.#options = options
    this.#receiver = receiver
    this.#parser = new SseParser(wire.eventBytes)
  }

  start(): void {
    const { signal } = this.#options
    try {
      signal?.throwIfAborted()
      this.#wire.guard.enterStream()
      this.#hasPlace = true
      signal?.addEventListener('abort', this.#onAbort, { once: true })
      this.#exchange = this.#wire.send(this.#written, this.#options, this)
    } catch (error) {
      // The caller has nothing in its hands yet.
      queueMicrotask(() => this.#end(error as Error))
    }
  }

  onHead(head: LaneHead): void {
    if (this.#isOver) return
    const encoded = refuseEncoding(head.contentEncoding)
    if (encoded) return this.#fail(encoded)
    this.#status = head.status
    this.#challenge = head.wwwAuthenticate
    if (head.status === 200 && isEventStream(head.contentType)) {
      this.#kind = 'stream'
      return
    }
    this.#kind = isJsonType(head.contentType) ? 'json' : 'other'
    const late = new ParleyError('upstream_timeout', 'The agent did not end its answer in time.')
    this.#timer = this.#wire.clock.setTimeout(() => this.#fail(late), this.#options.timeoutMs)
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return
    if (this.#kind !== 'stream') return this.#keep(chunk)
    try {
      for (const event of this.#parser.push(chunk)) {
        this.#take(event)
        if (this.#isOver) return
      }
    } catch (error) {
      this.#fail(error instanceof SseTooLargeError ? eventTooLarge(error) : toInvalidAnswer(error))
    }
  }

  onEnd(): void {
    if (this.#isOver) return
    if (this.#kind === 'stream') {
      this.#wire.guard.seen()
      return this.#end(undefined)
    }
    const answer = this.#readAnswer()
    if (!answer.isFromAgent && this.#asksOtherwise()) return
    if (answer.isFromAgent) this.#wire.guard.seen()
    else this.#wire.guard.failed(answer.error)
    this.#end(answer.error)
  }

  onError(error: ParleyError): void {
    this.#fail(error)
  }

  pause(): void {
    if (!this.#isOver) this.#exchange?.pause()
  }

  resume(): void {
    if (!this.#isOver) this.#exchange?.resume()
  }

  cancel(): void {
    if (this.#leave()) this.#exchange?.abort()
  }

  #take(event: SseEvent): void {
    // A block that holds an id or a waiting time alone.
    if (event.data === '') return
    const read = this.#wire.dialect.readEvent(this.#written, event)
    if (!(read instanceof ParleyError)) return this.#receiver.onEvent(read)
    this.#wire.guard.seen()
    this.#exchange?.abort()
    this.#end(read)
  }

  #keep(chunk: Buffer): void {
    const { responseBytes } = this.#wire
    this.#bytes += chunk.length
    if (this.#bytes > responseBytes) return this.#fail(responseTooLarge(responseBytes))
    if (this.#kind === 'json') this.#chunks.push(chunk)
  }

  /** Another method for the same, where the agent has none such. */
  #asksOtherwise(): boolean {
    const { otherwise } = this.#written
    if (!otherwise || (this.#status !== 404 && this.#status !== 405)) return false
    this.#written = otherwise
    this.#timer?.cancel()
    this.#chunks = []
    this.#bytes = 0
    try {
      this.#exchange = this.#wire.send(otherwise, this.#options, this)
    } catch (error) {
      this.#fail(toInvalidAnswer(error))
    }
    return true
  }

  /** What came in the place of a stream: the agent's error, or nothing that can be used. */
  #readAnswer(): { readonly isFromAgent: boolean; readonly error: ParleyError } {
    const refused = toRefusal(this.#status, this.#challenge)
    if (refused) return { isFromAgent: false, error: refused }
    const error = this.#chunks.length === 0 ? undefined : this.#readBody(joinChunks(this.#chunks))
    if (error) return { isFromAgent: true, error }
    const what = this.#status >= 300 || this.#bytes === 0
    return {
      isFromAgent: false,
      error: what ? toStatusError(this.#status) : invalidAnswer('is no event stream'),
    }
  }

  #readBody(body: Buffer): ParleyError | undefined {
    try {
      const answer = this.#wire.dialect.readAnswer(this.#written, this.#status, body)
      return answer instanceof ParleyError ? answer : undefined
    } catch {
      // The caller says what it was instead.
      return undefined
    }
  }

  readonly #onAbort = () => {
    this.#exchange?.abort()
    this.#end(this.#options.signal?.reason as Error)
  }

  #fail(error: ParleyError): void {
    if (this.#isOver) return
    this.#exchange?.abort()
    this.#wire.guard.failed(error)
    this.#end(error)
  }

  #end(error: Error | undefined): void {
    if (!this.#leave()) return
    if (error) this.#receiver.onError(error)
    else this.#receiver.onEnd()
  }

  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#timer?.cancel()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#hasPlace) this.#wire.guard.leaveStream()
    return true
  }
}

function eventTooLarge(error: SseTooLargeError): ParleyError {
  return new ParleyError('upstream_invalid', error.message, { cause: error })
}
