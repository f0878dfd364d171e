import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher, Pool } from 'undici'
import { BufferingHandler } from './buffering-handler.ts'
import { DiscardingHandler, type AnswerHead } from './discarding-handler.ts'
import type { PurposeLimits } from './purpose-limits.ts'
import type { LaneClient } from './lane-client/lane-client.ts'
import { StreamingHandler } from './streaming-handler.ts'
import type { StreamReceiver } from './streaming-handler.ts'

export interface OutletRequest {
  readonly method: Dispatcher.HttpMethod
  /** Path and query; the origin is the outlet's. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  readonly signal?: AbortSignal
}

export interface OutletResponse {
  /** Redirects are not followed: a 3xx is an answer like any other. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface OutletStream {
  /** Ends the exchange; the receiver hears nothing more. */
  abort(): void
  /** Stops reading from the server until `resume`. */
  pause(): void
  resume(): void
}

/** The guarded way to one origin. It leads nowhere else: paths are given to it, never URLs. */
export interface Outlet {
  readonly origin: string
  /** For bytes that are passed on as they come; see `LaneReceiver`. */
  readonly lane: LaneClient
  /** One exchange, buffered: at most `responseBytes`, within `timeoutMs` in all (default: the purpose's). */
  request(request: OutletRequest & { timeoutMs?: number }): Promise<OutletResponse>
  /** One exchange of which only the head matters: the body is read up to `responseBytes` and thrown away. */
  notify(request: OutletRequest & { timeoutMs?: number }): Promise<AnswerHead>
  /** One exchange whose body is handed on as it comes; `idleTimeoutMs` 0 waits for ever between parts. */
  stream(request: OutletRequest & { idleTimeoutMs?: number }, receiver: StreamReceiver): OutletStream
  /** Lets exchanges end, then closes; those of the lane are cut. */
  close(): Promise<void>
  /** Cuts everything at once. */
  destroy(): Promise<void>
}

export function createOutlet(
  { origin, pool, lane }: { origin: string; pool: Pool; lane: LaneClient },
  limits: PurposeLimits,
): Outlet {
  return Object.freeze({
    origin,
    lane,
    request({
      timeoutMs = limits.totalTimeoutMs,
      signal,
      ...request
    }: OutletRequest & { timeoutMs?: number }) {
      return new Promise<OutletResponse>((resolve, reject) => {
        const handler = new BufferingHandler({
          limitBytes: limits.responseBytes,
          timeoutMs,
          signal,
          resolve,
          reject,
        })
        pool.dispatch(toDispatch(request), handler)
      })
    },
    notify({
      timeoutMs = limits.totalTimeoutMs,
      signal,
      ...request
    }: OutletRequest & { timeoutMs?: number }) {
      return new Promise<AnswerHead>((resolve, reject) => {
        const limitBytes = limits.responseBytes
        const handler = new DiscardingHandler({ limitBytes, timeoutMs, signal, resolve, reject })
        pool.dispatch(toDispatch(request), handler)
      })
    },
    stream(
      { idleTimeoutMs, signal, ...request }: OutletRequest & { idleTimeoutMs?: number },
      receiver: StreamReceiver,
    ) {
      const handler = new StreamingHandler(receiver, signal)
      const idle = idleTimeoutMs === undefined ? {} : { bodyTimeout: idleTimeoutMs }
      pool.dispatch({ ...toDispatch(request), ...idle }, handler)
      return handler
    },
    close() {
      lane.destroy()
      return pool.closed || pool.destroyed ? Promise.resolve() : pool.close()
    },
    destroy() {
      lane.destroy()
      return pool.destroyed ? Promise.resolve() : pool.destroy()
    },
  })
}

function toDispatch(request: Omit<OutletRequest, 'signal'>): Dispatcher.DispatchOptions {
  return {
    method: request.method,
    path: request.path,
    headers: { ...request.headers, 'accept-encoding': 'identity' },
    body: request.body ?? null,
  }
}
