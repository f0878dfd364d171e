import type { Client, Metadata, ServiceError } from '@grpc/grpc-js'
import { ParleyError } from '@parley/contract'
import type { OutletStream } from '../outlet.ts'
import { disconnected, type GrpcDialer } from './grpc-dialer.ts'
import { GrpcStatusError } from './grpc-status-error.ts'

export interface GrpcRequest {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly message: Buffer
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>
  /** Of a call in all; of a stream until its first sign of life. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Hears one stream: messages, then exactly one of end and error; nothing after an abort of its own. */
export interface GrpcReceiver {
  onMessage(message: Buffer): void
  onEnd(): void
  /** A `ParleyError`, or what the server said: a `GrpcStatusError`. */
  onError(error: Error): void
}

/**
 * The guarded way to one gRPC server, in bytes. Nothing is connected before it is used; every connection looks its
 * name up anew. Nothing is sent twice.
 */
export interface GrpcOutlet {
  readonly origin: string
  /** Rejects with a `ParleyError`, a `GrpcStatusError`, or the signal's reason. */
  call(request: GrpcRequest): Promise<Buffer>
  /** `idleTimeoutMs` is how long the server may be silent between messages. */
  stream(request: GrpcRequest & { readonly idleTimeoutMs: number }, receiver: GrpcReceiver): OutletStream
  destroy(): Promise<void>
}

const asIs = (bytes: Buffer): Buffer => bytes

export function createGrpcOutlet(origin: string, dialer: GrpcDialer): GrpcOutlet {
  /** What cuts each exchange that is under way: the library lets them go on when its channel is closed. */
  const running: Running = new Set()
  return Object.freeze({
    origin,
    async call(request: GrpcRequest): Promise<Buffer> {
      request.signal?.throwIfAborted()
      const deadline = Date.now() + request.timeoutMs
      const client = dialer.current() ?? (await dialer.connect())
      request.signal?.throwIfAborted()
      return callOnce(client, { request, metadata: dialer.metadata(request.metadata), deadline, running })
    },
    stream(request: GrpcRequest & { readonly idleTimeoutMs: number }, receiver: GrpcReceiver): OutletStream {
      const stream = new GrpcStream({ dialer, running }, request, receiver)
      void stream.start()
      return stream
    },
    async destroy() {
      dialer.destroy()
      for (const cut of running) cut(disconnected())
    },
  })
}

type Running = Set<(error: ParleyError) => void>

function callOnce(
  client: Client,
  {
    request,
    metadata,
    deadline,
    running,
  }: { request: GrpcRequest; metadata: Metadata; deadline: number; running: Running },
): Promise<Buffer> {
  const { path, message, signal } = request
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      path,
      asIs,
      asIs,
      message,
      metadata,
      { deadline },
      (error, answer) => {
        signal?.removeEventListener('abort', onAbort)
        running.delete(cut)
        if (signal?.aborted) reject(signal.reason as Error)
        else if (error) reject(GrpcStatusError.from(error))
        else resolve(answer!)
      },
    )
    const onAbort = () => call.cancel()
    const cut = (error: ParleyError) => {
      reject(error)
      call.cancel()
    }
    running.add(cut)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** One stream, with the time limits that gRPC has none for. */
class GrpcStream implements OutletStream {
  readonly #dialer: GrpcDialer
  readonly #running: Running
  readonly #request: GrpcRequest & { readonly idleTimeoutMs: number }
  readonly #receiver: GrpcReceiver
  #call: ReturnType<Client['makeServerStreamRequest']> | undefined
  #timer: NodeJS.Timeout | undefined
  #waitingMs = 0
  #isPaused = false
  #isOver = false

  constructor(
    { dialer, running }: { readonly dialer: GrpcDialer; readonly running: Running },
    request: GrpcRequest & { readonly idleTimeoutMs: number },
    receiver: GrpcReceiver,
  ) {
    this.#dialer = dialer
    this.#running = running
    this.#request = request
    this.#receiver = receiver
  }

  async start(): Promise<void> {
    const { signal } = this.#request
    this.#wait(this.#request.timeoutMs)
    this.#running.add(this.#cut)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    try {
      signal?.throwIfAborted()
      const client = this.#dialer.current() ?? (await this.#dialer.connect())
      if (!this.#isOver) this.#open(client)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #open(client: Client): void {
    const { path, message, metadata, idleTimeoutMs } = this.#request
    const call = client.makeServerStreamRequest(path, asIs, asIs, message, this.#dialer.metadata(metadata))
    this.#call = call
    if (this.#isPaused) call.pause()
    const isAlive = () => this.#wait(idleTimeoutMs)
    call.once('metadata', isAlive)
    call.on('data', (bytes: Buffer) => {
      if (this.#isOver) return
      isAlive()
      this.#receiver.onMessage(bytes)
    })
    // The status comes before the last messages have been read. One that is an error has an event of its own.
    let isGood = false
    call.once('status', ({ code }: { code: number }) => (isGood = code === 0))
    call.once('end', () => isGood && this.#end())
    call.on('error', (error: ServiceError) => this.#fail(GrpcStatusError.from(error)))
  }

  readonly abort = (): void => {
    if (this.#leave()) this.#call?.cancel()
  }

  pause(): void {
    this.#isPaused = true
    this.#call?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#call?.resume()
  }

  /** Sets the same timer back where there is one, so that a flood of messages costs no timers. */
  #wait(limitMs: number): void {
    if (this.#isOver) return
    if (this.#timer && limitMs === this.#waitingMs) return void this.#timer.refresh()
    clearTimeout(this.#timer)
    this.#waitingMs = limitMs
    this.#timer = setTimeout(() => {
      // It is not the server that is late.
      if (this.#isPaused) return this.#wait(limitMs)
      this.#fail(new ParleyError('upstream_timeout', 'The server did not answer in time.'))
    }, limitMs).unref()
  }
  readonly #cut = (error: ParleyError) => this.#fail(error)

  readonly #onAbort = () => this.#fail(this.#request.signal?.reason as Error)

  #end(): void {
    if (this.#leave()) this.#receiver.onEnd()
  }

  #fail(error: Error): void {
    if (!this.#leave()) return
    this.#call?.cancel()
    this.#receiver.onError(error)
  }

  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#running.delete(this.#cut)
    clearTimeout(this.#timer)
    this.#request.signal?.removeEventListener('abort', this.#onAbort)
    return true
  }
}
