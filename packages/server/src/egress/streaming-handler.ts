import type { IncomingHttpHeaders } from 'node:http'
import type { ParleyError } from '@parley/contract'
import type { Dispatcher } from 'undici'
import { refuseEncoding, toEgressError } from './to-egress-error.ts'

/** Hears one exchange: start, chunks, then exactly one of end and error; nothing after an abort of its own. */
export interface StreamReceiver {
  onStart(status: number, headers: IncomingHttpHeaders): void
  onChunk(chunk: Buffer): void
  onEnd(): void
  onError(error: ParleyError): void
}

/** Hands a response on as it comes. Bytes are not counted here: an event stream has no natural end. */
export class StreamingHandler implements Dispatcher.DispatchHandler {
  readonly #receiver: StreamReceiver
  readonly #signal: AbortSignal | undefined
  #controller: Dispatcher.DispatchController | undefined
  #isOver = false

  constructor(receiver: StreamReceiver, signal: AbortSignal | undefined) {
    this.#receiver = receiver
    this.#signal = signal
    signal?.addEventListener('abort', this.abort)
    if (signal?.aborted) this.abort()
  }

  readonly abort = (): void => {
    if (this.#finish()) this.#controller?.abort(new Error('no longer wanted'))
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#isOver || status < 200) return
    const encoded = refuseEncoding(headers['content-encoding'])
    if (encoded) controller.abort(encoded)
    else this.#receiver.onStart(status, headers)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#receiver.onChunk(chunk)
  }

  onResponseEnd(): void {
    if (this.#finish()) this.#receiver.onEnd()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#finish()) this.#receiver.onError(toEgressError(error))
  }

  #finish(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.abort)
    return true
  }
}
