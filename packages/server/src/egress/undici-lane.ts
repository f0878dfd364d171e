import type { IncomingHttpHeaders } from 'node:http'
import type { ParleyError } from '@parley/contract'
import type { Dispatcher, Pool } from 'undici'
import { toEgressError } from './to-egress-error.ts'

export interface LaneHead {
  readonly status: number
  readonly contentType: string | undefined
  /** -1 when the answer does not say. */
  readonly contentLength: number
  readonly contentEncoding: string | undefined
}

export interface LaneReceiver {
  onHead(head: LaneHead): void
  /** The chunk is valid only during the call: who keeps it copies it. */
  onData(chunk: Buffer): void
  onEnd(): void
  onError(error: ParleyError): void
}

export interface LaneExchange {
  abort(): void
  pause(): void
  resume(): void
}

export interface LaneClient {
  send(
    request: {
      path: string
      head: string
      body: Buffer
      headersTimeoutMs?: number
      idleTimeoutMs?: number
    },
    receiver: LaneReceiver,
  ): LaneExchange
}

export function createUndiciLane(pool: Pick<Pool, 'dispatch'>): LaneClient {
  return {
    send(request, receiver) {
      const handler = new Handler(receiver)
      const headers = request.head.split('\r\n').slice(0, -1)
      pool.dispatch(
        {
          method: 'POST',
          path: request.path,
          headers: headers.flatMap((line) => [
            line.slice(0, line.indexOf(':')),
            line.slice(line.indexOf(':') + 2),
          ]),
          body: request.body,
          headersTimeout: request.headersTimeoutMs ?? null,
          bodyTimeout: request.idleTimeoutMs ?? null,
        },
        handler,
      )
      return handler
    },
  }
}

class Handler implements Dispatcher.DispatchHandler, LaneExchange {
  readonly #receiver: LaneReceiver
  #controller: Dispatcher.DispatchController | undefined
  #over = false

  constructor(receiver: LaneReceiver) {
    this.#receiver = receiver
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#over) return
    this.#receiver.onHead({
      status,
      contentType: headers['content-type'],
      contentLength: headers['content-length'] === undefined ? -1 : Number(headers['content-length']),
      contentEncoding: headers['content-encoding'],
    })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#receiver.onData(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.onEnd()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.onError(toEgressError(error))
  }

  abort(): void {
    this.#over = true
    this.#controller?.abort(new Error('no longer wanted'))
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }
}
