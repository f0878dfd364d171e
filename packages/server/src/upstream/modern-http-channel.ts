import { ParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ServerNotification,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { postMessage } from './http-post.ts'
import { modernHeaders, type ParamHeadersOf } from './request-headers.ts'

export interface HttpWire {
  readonly outlet: Outlet
  readonly path: string
  readonly limitBytes: number
  readonly timeoutMs: number
  readonly mirrored: ParamHeadersOf
  /** A JSON-RPC id of its own for every request, retries included. */
  readonly nextId: () => number
  /** Told of what an upstream must not send; it is dropped. */
  readonly report: (what: string) => void
}

/** The stateless channel to a modern upstream over Streamable HTTP. Every exchange is a POST of its own. */
export function createModernHttpChannel(wire: HttpWire, info: UpstreamInfo): Channel {
  return {
    info,
    closed: false,
    exchange: async (method, params, events, signal) =>
      (
        await exchangeModern(wire, {
          method,
          params,
          signal,
          onNotification: (one) => events.notification(one),
        })
      ).outcome,
    notify: () => Promise.resolve(),
    subscribe: (filter, onNotification, signal) => subscribe(wire, filter, onNotification, signal),
    setSessionEvents() {},
    close: () => Promise.resolve(),
  }
}

interface ModernExchange {
  readonly method: string
  readonly params: JsonObject | undefined
  readonly signal: AbortSignal
  readonly onNotification: (notification: ServerNotification) => void
  readonly idleTimeoutMs?: number
}

/** One modern request. `status` is the HTTP status the answer came with. */
export async function exchangeModern(
  wire: HttpWire,
  request: ModernExchange,
): Promise<{ outcome: Outcome; status: number }> {
  const { method, params, signal } = request
  const id = wire.nextId()
  let outcome: Outcome | undefined
  const end = await postMessage({
    outlet: wire.outlet,
    path: wire.path,
    headers: modernHeaders(method, params, wire.mirrored),
    body: JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }),
    limitBytes: wire.limitBytes,
    idleTimeoutMs: request.idleTimeoutMs ?? wire.timeoutMs,
    signal,
    onMessage(message) {
      if (outcome) return
      if (message.kind === 'notification') request.onNotification(message.message)
      else if (message.kind === 'request')
        wire.report(`a request on a response stream: ${message.message.method}`)
      else if (message.message.id !== id) wire.report('a response to nothing that was asked')
      else
        outcome =
          'result' in message.message ? { result: message.message.result } : { error: message.message.error }
    },
  })
  if (outcome) return { outcome, status: end.status }
  throw noAnswer(end.status)
}

export function noAnswer(status: number): ParleyError {
  if (status === 401 || status === 403) {
    return new ParleyError(
      'upstream_unavailable',
      `The server refused Parley's credentials (HTTP ${status}).`,
      { data: { status } },
    )
  }
  if (status >= 200 && status < 300)
    return new ParleyError('upstream_invalid', 'The server ended its answer without a response.', {
      data: { status },
    })
  return new ParleyError('upstream_unavailable', `The server answered with HTTP ${status}.`, {
    data: { status },
  })
}

async function subscribe(
  wire: HttpWire,
  filter: SubscriptionFilter,
  onNotification: (notification: ServerNotification) => void,
  signal: AbortSignal,
): Promise<Subscription> {
  const closing = new AbortController()
  const acknowledged = Promise.withResolvers<SubscriptionFilter>()
  const params = {
    notifications: filter as JsonObject,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'parley', version: '0.1.0' },
    },
  }
  const running = exchangeModern(wire, {
    method: 'subscriptions/listen',
    params,
    signal: AbortSignal.any([signal, closing.signal]),
    idleTimeoutMs: 0,
    onNotification(notification) {
      if (notification.method !== 'notifications/subscriptions/acknowledged')
        return onNotification(notification)
      const honoured = notification.params?.['notifications']
      acknowledged.resolve(isObject(honoured) ? (honoured as SubscriptionFilter) : {})
    },
  })
  const ended = running.then(
    (answer) => {
      if ('error' in answer.outcome) acknowledged.reject(refused(answer.outcome.error.message))
      else acknowledged.reject(refused('it ended at once'))
      return 'graceful' as const
    },
    (error: unknown) => {
      acknowledged.reject(error)
      return 'lost' as const
    },
  )
  return {
    acknowledged: await acknowledged.promise,
    ended,
    close: () => closing.abort(new ParleyError('unavailable', 'The subscription was closed.')),
  }
}

function refused(why: string): ParleyError {
  return new ParleyError(
    'upstream_unavailable',
    `The server did not open the subscription: ${why.slice(0, 200)}`,
  )
}
