import { ParleyError } from '@parley/contract'
import type { JsonObject, Message, Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ServerNotification,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { postMessage } from './http-post.ts'
import { toStatusError } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import { HUB_META } from './hub-terms.ts'
import { belongsToRequest } from './modern-notifications.ts'
import { refusesOwnVersion } from './read-discovery.ts'
import { modernHeaders } from './request-headers.ts'
import { SubscriptionReader } from './subscription-reader.ts'

/** The stateless channel to a modern upstream over Streamable HTTP. Every exchange is a POST of its own. */
export function createModernHttpChannel(wire: HttpWire, info: UpstreamInfo): Channel {
  let lastId = 0
  return {
    info,
    closed: false,
    async exchange(method, params, events, signal) {
      const onNotification = (one: ServerNotification) => {
        if (belongsToRequest(one, params)) events.notification(one)
        else wire.report('unexpected-notification', one.method)
      }
      const request = { method, params, signal, onNotification, ready: () => events.ready?.() }
      const send = () => exchangeModern(wire, { id: ++lastId, ...request })
      const first = await send()
      return refusesOwnVersion(first) ? send() : first
    },
    // A modern client has nothing to tell: requests are cancelled by closing their stream.
    notify: () => Promise.resolve(),
    subscribe: (filter, onNotification, signal) =>
      subscribe(wire, { id: ++lastId, filter, onNotification, signal }),
    setSessionEvents: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

export interface ModernRequest {
  readonly id: number
  readonly method: string
  readonly params: JsonObject | undefined
  readonly signal: AbortSignal
  readonly endless?: boolean
  readonly onNotification: (notification: ServerNotification) => void
  readonly ready?: () => Promise<void> | undefined
}

/** One modern request; resolves with its result or error as they came. */
export async function exchangeModern(wire: HttpWire, request: ModernRequest): Promise<Outcome> {
  const { id, method, params, signal, endless = false } = request
  let outcome: Outcome | undefined
  const end = await postMessage(wire, {
    method: 'POST',
    headers: modernHeaders(method, params, wire.mirrored),
    body: JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }),
    signal,
    endless,
    ...(request.ready && { ready: request.ready }),
    onMessage(message) {
      if (message.kind === 'response' && message.message.id === id) outcome = toOutcome(message)
      else if (message.kind === 'notification') request.onNotification(message.message)
      else if (message.kind === 'request') wire.report('unexpected-request', message.message.method)
      else wire.report('unexpected-response', method)
      return outcome !== undefined
    },
  })
  if (outcome) return outcome
  throw toStatusError(end.status, end.challenge)
}

export function toOutcome({ message }: Extract<Message, { kind: 'response' }>): Outcome {
  return 'result' in message ? { result: message.result } : { error: message.error }
}

interface SubscribeOptions {
  readonly id: number
  readonly filter: SubscriptionFilter
  readonly onNotification: (notification: ServerNotification) => void
  readonly signal: AbortSignal
}

/** The request is its stream: whatever comes on it belongs to it, whether it carries the subscription's id or not. */
async function subscribe(wire: HttpWire, options: SubscribeOptions): Promise<Subscription> {
  const { id, filter, onNotification, signal } = options
  const closing = new AbortController()
  const onAbort = () => closing.abort(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })
  const reader = new SubscriptionReader(filter, onNotification, wire.report)
  const running = exchangeModern(wire, {
    id,
    method: 'subscriptions/listen',
    params: { notifications: filter as JsonObject, _meta: HUB_META },
    signal: closing.signal,
    endless: true,
    onNotification: (notification) => reader.take(notification),
  })
  const ended = reader
    .end(running, closing.signal)
    .finally(() => signal.removeEventListener('abort', onAbort))
  return {
    acknowledged: await reader.acknowledged,
    ended,
    close: () => closing.abort(new ParleyError('unavailable', 'The subscription was closed.')),
  }
}
