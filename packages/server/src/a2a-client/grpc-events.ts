import type { StreamResponse } from '../a2a/index.ts'
import type { GrpcOutlet, GrpcReceiver, GrpcRequest, OutletStream } from '../egress/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { OpenedStream, StreamReceiver } from './agent-link.ts'
import { fromGrpcError } from './from-grpc-error.ts'
import type { LinkGuard } from './link-guard.ts'
import { toInvalidAnswer } from './status-error.ts'

type Decode = (message: Buffer) => JsonObject

/** One stream of events over gRPC; it has taken its place already. */
export class GrpcEvents implements GrpcReceiver, OpenedStream {
  readonly #decode: Decode
  readonly #guard: LinkGuard
  readonly #receiver: StreamReceiver
  #signal: AbortSignal | undefined
  #stream: OutletStream | undefined
  #isOver = false

  constructor(decode: Decode, guard: LinkGuard, receiver: StreamReceiver) {
    this.#decode = decode
    this.#guard = guard
    this.#receiver = receiver
  }

  open(outlet: GrpcOutlet, request: GrpcRequest & { readonly idleTimeoutMs: number }): this {
    this.#signal = request.signal
    this.#stream = outlet.stream(request, this)
    return this
  }

  onMessage(message: Buffer): void {
    if (this.#isOver) return
    try {
      this.#receiver.onEvent(this.#decode(message) as unknown as StreamResponse)
    } catch (error) {
      const known = toInvalidAnswer(error)
      this.#stream?.abort()
      this.#guard.failed(known)
      this.#end(known)
    }
  }

  onEnd(): void {
    this.#guard.seen()
    this.#end(undefined)
  }

  onError(error: Error): void {
    if (this.#signal?.aborted) return this.#end(error)
    const { error: known, isFromAgent } = fromGrpcError(error)
    if (isFromAgent) this.#guard.seen()
    else this.#guard.failed(known)
    this.#end(known)
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  cancel(): void {
    if (this.#leave()) this.#stream?.abort()
  }

  #end(error: Error | undefined): void {
    if (!this.#leave()) return
    if (error) this.#receiver.onError(error)
    else this.#receiver.onEnd()
  }

  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#guard.leaveStream()
    return true
  }
}
