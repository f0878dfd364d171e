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
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ExchangeOptions } from './agent-link.ts'
import type { WrittenRequest } from './http-dialect.ts'
import type { HttpWire } from './http-wire.ts'
import { mayRepeat, repeatDelayMs } from './may-repeat.ts'
import { isJsonType } from './media-types.ts'
import { invalidAnswer, toInvalidAnswer, toRefusal, toStatusError } from './status-error.ts'

/** One call, from its request to its answer. Rejects with a `ParleyError`, or with the reason of its signal. */
export function callOverHttp(
  wire: HttpWire,
  written: WrittenRequest,
  options: ExchangeOptions,
): Promise<JsonObject> {
  if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error)
  return new Promise((resolve, reject) => {
    wire.guard.enter()
    new HttpCall({ wire, written, options, resolve, reject }).start()
  })
}

interface CallParts {
  readonly wire: HttpWire
  readonly written: WrittenRequest
  readonly options: ExchangeOptions
  readonly resolve: (answer: JsonObject) => void
  readonly reject: (error: Error) => void
}

class HttpCall implements LaneReceiver {
  readonly #parts: CallParts
  readonly #startedMicros: number
  #exchange: LaneExchange | undefined
  #status = 0
  #isJson = false
  #challenge: string | undefined
  #bytes = 0
  #chunks: Buffer[] | undefined
  /** Of the wait before a repetition. */
  #timer: Timer | undefined
  #isRepeated = false
  #isOver = false

  constructor(parts: CallParts) {
    this.#parts = parts
    this.#startedMicros = parts.wire.clock.monotonicMicros()
  }

  start(): void {
    this.#parts.options.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#send()
  }

  #send(): void {
    const { wire, written, options } = this.#parts
    try {
      this.#exchange = wire.send(written, options, this)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  onHead(head: LaneHead): void {
    if (this.#isOver) return
    const encoded = refuseEncoding(head.contentEncoding)
    if (encoded) return this.#fail(encoded)
    const { responseBytes } = this.#parts.wire
    if (head.contentLength > responseBytes) return this.#fail(responseTooLarge(responseBytes))
    this.#status = head.status
    this.#isJson = isJsonType(head.contentType)
    this.#challenge = head.wwwAuthenticate
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return
    this.#bytes += chunk.length
    const { responseBytes } = this.#parts.wire
    if (this.#bytes > responseBytes) return this.#fail(responseTooLarge(responseBytes))
    if (this.#chunks === undefined) {
      this.#chunks = [chunk]
    } else {
      // Between two parts the time is the lane's to watch.
      if (this.#isLate()) return this.#fail(late())
      this.#chunks.push(chunk)
    }
  }

  onEnd(): void {
    if (!this.#leave()) return
    const { wire, resolve, reject } = this.#parts
    try {
      const answer = this.#read()
      wire.guard.seen()
      if (answer instanceof ParleyError) reject(answer)
      else resolve(answer)
    } catch (error) {
      const known = toInvalidAnswer(error)
      wire.guard.failed(known)
      reject(known)
    }
  }

  onError(error: ParleyError): void {
    this.#fail(error)
  }

  #read(): JsonObject | ParleyError {
    const { written } = this.#parts
    const refused = toRefusal(this.#status, this.#challenge)
    if (refused) throw refused
    const body = this.#chunks === undefined ? undefined : joinChunks(this.#chunks)
    if (body !== undefined && this.#isJson) {
      const answer = this.#readBody(body)
      if (answer !== undefined) return answer
    } else if (isEmptySuccess(written, this.#status, this.#bytes)) return {}
    if (this.#status >= 300 || this.#bytes === 0) throw toStatusError(this.#status)
    throw invalidAnswer('is not JSON by its content type')
  }

  /** Under an error status a body may be anything. */
  #readBody(body: Buffer): JsonObject | ParleyError | undefined {
    const { wire, written } = this.#parts
    try {
      return wire.dialect.readAnswer(written, this.#status, body)
    } catch (error) {
      if (this.#status < 300) throw error
      return undefined
    }
  }

  readonly #onAbort = () => {
    if (!this.#leave()) return
    this.#exchange?.abort()
    this.#parts.reject(this.#parts.options.signal?.reason as Error)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#exchange?.abort()
    if (this.#repeats(error)) return
    this.#leave()
    if (error instanceof ParleyError) this.#parts.wire.guard.failed(error)
    this.#parts.reject(error)
  }

  /** Once more, where that can do no harm; the agent may just be starting again. */
  #repeats(error: Error): boolean {
    const { wire, written } = this.#parts
    if (this.#isRepeated || !(error instanceof ParleyError) || !mayRepeat(written.operation, error))
      return false
    this.#isRepeated = true
    this.#chunks = undefined
    this.#bytes = 0
    this.#timer?.cancel()
    this.#timer = wire.clock.setTimeout(() => {
      this.#timer = undefined
      this.#send()
    }, repeatDelayMs(wire.random))
    return true
  }

  #isLate(): boolean {
    const { wire, options } = this.#parts
    return wire.clock.monotonicMicros() - this.#startedMicros > options.timeoutMs * 1000
  }

  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#timer?.cancel()
    this.#parts.options.signal?.removeEventListener('abort', this.#onAbort)
    this.#parts.wire.guard.leave()
    return true
  }
}

function late(): ParleyError {
  return new ParleyError('upstream_timeout', 'The agent did not end its answer in time.')
}

/** A deletion answers with nothing (`google.protobuf.Empty`), which over HTTP may be nothing at all. */
function isEmptySuccess({ operation }: WrittenRequest, status: number, bytes: number): boolean {
  return operation === 'DeleteTaskPushNotificationConfig' && status >= 200 && status < 300 && bytes === 0
}
