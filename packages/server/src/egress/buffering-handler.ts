import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { OutletResponse } from './outlet.ts'
import { refuseEncoding, requestTimedOut, responseTooLarge, toEgressError } from './to-egress-error.ts'

export interface BufferingOptions {
  readonly limitBytes: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (response: OutletResponse) => void
  readonly reject: (error: Error) => void
}

/** Collects one response up to a cap of bytes and of time; settles exactly once. */
export class BufferingHandler implements Dispatcher.DispatchHandler {
  readonly #options: BufferingOptions
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: () => void
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #bytes = 0
  #isSettled = false

  constructor(options: BufferingOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#fail(requestTimedOut(options.timeoutMs)), options.timeoutMs)
    this.#onAbort = () => this.#fail(abortError(options.signal))
    options.signal?.addEventListener('abort', this.#onAbort)
    if (options.signal?.aborted) this.#onAbort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isSettled) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    const encoded = refuseEncoding(headers['content-encoding'])
    if (encoded) return this.#fail(encoded)
    if (Number(headers['content-length']) > this.#options.limitBytes)
      this.#fail(responseTooLarge(this.#options.limitBytes))
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.limitBytes) return this.#fail(responseTooLarge(this.#options.limitBytes))
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#settle()) {
      this.#options.resolve({
        status: this.#status,
        headers: this.#headers,
        body: Buffer.concat(this.#chunks, this.#bytes),
      })
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#settle()) this.#options.reject(toEgressError(error))
  }

  #fail(error: Error): void {
    if (!this.#settle()) return
    this.#options.reject(error)
    this.#controller?.abort(error)
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    return true
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
