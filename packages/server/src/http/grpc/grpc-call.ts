import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { GRPC_CODES, readGrpcMessage, readGrpcTimeoutMs, writeGrpcText } from './grpc-wire.ts'

/** How a call fails; `details` is `google.rpc.Status`. */
export interface GrpcFailure {
  readonly code: number
  readonly message: string
  readonly details?: Buffer
  /** Further trailers. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface GrpcStream {
  /** Frames as `frameGrpcMessage` makes them. False once the stream is over, be it because its reader is too slow. */
  send(frame: Buffer): boolean
  end(): void
  fail(failure: GrpcFailure): void
}

/** One call of a client: a request of one message, answered with one or with a stream. */
export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly message: Buffer
  header(name: string): string | undefined
  /** True once nobody waits for the answer. */
  readonly isOver: boolean
  /** Called once when it is over, whoever ended it. */
  onClose(callback: () => void): void
  answer(frame: Buffer): void
  fail(failure: GrpcFailure): void
  /** Begins a stream of answers; `onDrain`: the hub is shutting down, so end it. */
  open(events: { onDrain(): void }): GrpcStream
  /** Breaks it off. */
  destroy(): void
}

export interface GrpcCallLimits {
  readonly bodyBytes: number
  readonly streamBufferBytes: number
}

/** How much more than the limit may wait for a reader who takes something now and then. */
const BURST = 8
const SLOW_MS = 10_000
const MAX_TIMER_MS = 2 ** 31 - 1
const HEAD = { ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-accept-encoding': 'identity' }
const NO_ERROR = 0
const CANCEL = 8
const ENHANCE_YOUR_CALM = 11

/** gRPC over one HTTP/2 stream (the protocol's "PROTOCOL-HTTP2" document). */
export class Http2GrpcCall implements GrpcCall, GrpcStream {
  readonly path: string
  readonly startedMs = performance.now()
  message: Buffer = Buffer.alloc(0)
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #limits: GrpcCallLimits
  readonly #closed: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #onDrain: (() => void) | undefined
  #trailers: OutgoingHttpHeaders | undefined
  #takenMs = 0
  readonly #onTaken = () => void (this.#takenMs = performance.now())
  #state: 'reading' | 'waiting' | 'streaming' | 'answered' | 'over' = 'reading'
  /** When the last was said: an answer that is not taken does not wait forever. */
  answeredMs: number | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: GrpcCallLimits) {
    this.#stream = stream
    this.#headers = headers
    this.#limits = limits
    this.path = String(headers[':path'])
    stream.on('error', () => undefined)
    stream.once('close', () => this.#close())
  }

  get isOver(): boolean {
    return this.#state === 'over' || this.#state === 'answered'
  }

  get isReading(): boolean {
    return this.#state === 'reading'
  }

  /** Reads the request and calls back with its message; answers what is wrong with it itself. */
  receive(onCall: () => void): void {
    const timeoutMs = readGrpcTimeoutMs(this.header('grpc-timeout'))
    if (timeoutMs === undefined)
      return this.fail({ code: GRPC_CODES.invalidArgument, message: 'grpc-timeout cannot be read.' })
    if (timeoutMs <= MAX_TIMER_MS)
      this.#timer = setTimeout(
        () => this.fail({ code: GRPC_CODES.deadlineExceeded, message: 'The deadline is over.' }),
        timeoutMs,
      )
    let bytes: Buffer = Buffer.alloc(0)
    const chunks: Buffer[] = []
    const take = (isEnd: boolean) => {
      const read = readGrpcMessage(bytes, this.#limits.bodyBytes, isEnd)
      if (read.kind === 'refused') return this.fail({ code: read.code, message: read.says })
      if (read.kind === 'incomplete' || this.#state !== 'reading') return
      this.message = read.message
      this.#state = 'waiting'
      onCall()
    }
    let received = 0
    this.#stream.on('data', (chunk: Buffer) => {
      if (this.#state !== 'reading') return
      chunks.push(chunk)
      received += chunk.length
      // What the first bytes say of the length is looked at with them alone.
      if (chunks.length === 1 || received > this.#limits.bodyBytes) {
        bytes = Buffer.concat(chunks)
        take(false)
      }
    })
    this.#stream.on('end', () => {
      if (this.#state !== 'reading') return
      bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      take(true)
    })
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(',') : value
  }

  onClose(callback: () => void): void {
    if (this.#stream.closed || this.#stream.destroyed) return queueMicrotask(callback)
    this.#closed.push(callback)
  }

  answer(frame: Buffer): void {
    if (this.#state !== 'waiting') return
    this.#begin()
    this.#stream.write(frame)
    this.#end({ 'grpc-status': '0' })
  }

  fail({ code, message, details, metadata }: GrpcFailure): void {
    if (this.isOver) return
    const trailers: OutgoingHttpHeaders = {
      'grpc-status': String(code),
      'grpc-message': writeGrpcText(message),
      ...(details && { 'grpc-status-details-bin': details.toString('base64').replace(/=+$/, '') }),
      ...metadata,
    }
    if (this.#state === 'streaming') return this.#end(trailers)
    const wasReading = this.#state === 'reading'
    this.#answered()
    if (this.#stream.destroyed || this.#stream.headersSent) return
    this.#stream.respond({ ...HEAD, ...trailers }, { endStream: true })
    // The rest of the request is not wanted.
    if (wasReading && !this.#stream.readableEnded) this.#stream.close(NO_ERROR)
  }

  open({ onDrain }: { onDrain(): void }): GrpcStream {
    if (this.#state !== 'waiting') return this
    this.#begin()
    this.#state = 'streaming'
    this.#onDrain = onDrain
    return this
  }

  send(frame: Buffer): boolean {
    if (this.#state !== 'streaming') return false
    if (this.#isSlow()) {
      this.#state = 'over'
      this.#stream.close(ENHANCE_YOUR_CALM)
      this.#stream.destroy()
      return false
    }
    this.#stream.write(frame, this.#onTaken)
    return true
  }

  /**
   * What waits is measured before the next message, so that a large one alone does not make a reader slow. HTTP/2 lets 64 KiB
   * go at a time, where HTTP/1.1 has the buffers of the sockets: who goes on reading may have some more waiting.
   */
  #isSlow(): boolean {
    const waiting = this.#stream.writableLength
    const limit = this.#limits.streamBufferBytes
    if (waiting <= limit) return false
    return waiting > BURST * limit || performance.now() - this.#takenMs > SLOW_MS
  }

  end(): void {
    if (this.#state === 'streaming') this.#end({ 'grpc-status': '0' })
  }

  destroy(): void {
    this.#state = 'over'
    this.#stream.close(CANCEL)
    this.#stream.destroy()
  }

  drain(): void {
    this.#onDrain?.()
  }

  #begin(): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return
    this.#stream.respond(HEAD, { waitForTrailers: true })
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(this.#trailers ?? {}))
  }

  #end(trailers: OutgoingHttpHeaders): void {
    this.#trailers = trailers
    this.#answered()
    this.#stream.end()
  }

  #answered(): void {
    this.#state = 'answered'
    this.answeredMs = performance.now()
    clearTimeout(this.#timer)
  }

  #close(): void {
    this.#state = 'over'
    clearTimeout(this.#timer)
    for (const callback of this.#closed.splice(0)) callback()
  }
}
