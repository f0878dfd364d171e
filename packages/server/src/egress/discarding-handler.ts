import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { requestTimedOut, toEgressError } from './to-egress-error.ts'

export interface AnswerHead {
  /** Redirects are not followed: a 3xx is an answer like any other. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

export interface DiscardingOptions {
  readonly limitBytes: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (head: AnswerHead) => void
  readonly reject: (error: Error) => void
}

/**
 * One exchange of which only the head matters. The body is read so that the connection can be used again, and thrown
 * away; one that is longer than the limit costs the connection, not the answer. Settles exactly once.
 */
export class DiscardingHandler implements Dispatcher.DispatchHandler {
  readonly #options: DiscardingOptions
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: () => void
  #controller: Dispatcher.DispatchController | undefined
  #head: AnswerHead | undefined
  #bytes = 0
  #isSettled = false

  constructor(options: DiscardingOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#end(requestTimedOut(options.timeoutMs)), options.timeoutMs)
    this.#onAbort = () => this.#end(new Error('no longer wanted'))
    options.signal?.addEventListener('abort', this.#onAbort)
    if (options.signal?.aborted) this.#onAbort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isSettled) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) this.#head = { status, headers }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.limitBytes) this.#end(new Error('more than is read'))
  }

  onResponseEnd(): void {
    this.#settle(undefined)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error)
  }

  #end(error: Error): void {
    if (this.#settle(error)) this.#controller?.abort(error)
  }

  /** Once the head is there, what becomes of the body changes nothing. */
  #settle(error: Error | undefined): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#head) this.#options.resolve(this.#head)
    else this.#options.reject(toEgressError(error))
    return true
  }
}
