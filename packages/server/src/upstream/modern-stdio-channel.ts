import { ParleyError } from '@parley/contract'
import type { JsonObject, MessageId, Outcome, RequestMessage } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { HUB_META } from './hub-terms.ts'
import { asksForLogs, metaOf } from './modern-notifications.ts'
import { NO_EVENTS } from './no-events.ts'
import type { StdioConnection } from './stdio-connection.ts'
import { SubscriptionReader } from './subscription-reader.ts'

const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'

/** The channel to a modern upstream over stdio: one process, shared by all (MCP 2026-07-28, stdio). */
export class ModernStdioChannel implements Channel {
  readonly info: UpstreamInfo
  readonly #connection: StdioConnection
  readonly #subscriptions = new Map<MessageId, SubscriptionReader>()
  readonly #wantLogs = new Set<ExchangeEvents>()

  constructor(connection: StdioConnection, info: UpstreamInfo) {
    this.info = info
    this.#connection = connection
    connection.events = {
      notification: (notification) => this.#notification(notification),
      request: ({ method }: RequestMessage) => connection.report('unexpected-request', method),
    }
  }

  get closed(): boolean {
    return this.#connection.closed
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    // A set holds what is the same once, so each exchange brings a mark of its own.
    const mark = { ...events, notification: (one: ServerNotification) => events.notification(one) }
    if (asksForLogs(params)) this.#wantLogs.add(mark)
    try {
      return await this.#connection.exchange(method, params, mark, signal)
    } finally {
      this.#wantLogs.delete(mark)
    }
  }

  notify(): Promise<void> {
    return Promise.resolve()
  }

  async subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    signal.throwIfAborted()
    this.#connection.over.throwIfAborted()
    const connection = this.#connection
    const params = { notifications: filter as JsonObject, _meta: HUB_META }
    const { id, message, response } = connection.router.begin('subscriptions/listen', params, NO_EVENTS)
    const reader = new SubscriptionReader(filter, onNotification, connection.report)
    this.#subscriptions.set(id, reader)
    const closing = new AbortController()
    const onAbort = () => {
      closing.abort()
      connection.cancel(id, signal.reason)
    }
    const close = () => {
      closing.abort()
      connection.cancel(id, new ParleyError('unavailable', 'The subscription was closed.'))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const ended = reader.end(response, closing.signal).finally(() => {
      this.#subscriptions.delete(id)
      signal.removeEventListener('abort', onAbort)
    })
    connection.send(message)
    return { acknowledged: await reader.acknowledged, ended, close }
  }

  setSessionEvents(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** Nothing on a shared pipe belongs to a request but its progress; log messages carry no address at all. */
  #notification(notification: ServerNotification): void {
    const { method, params } = notification
    const id = metaOf(params)[SUBSCRIPTION_ID]
    const subscription = id === undefined ? undefined : this.#subscriptions.get(id as MessageId)
    if (subscription) return subscription.take(notification)
    if (method === 'notifications/progress') return this.#connection.router.notification(notification)
    const [only, ...others] = method === 'notifications/message' ? this.#wantLogs : []
    if (only && others.length === 0) return only.notification(notification)
    // An ended subscription's last words may still be on their way.
    if (id === undefined && !only) this.#connection.report('unexpected-notification', method)
  }
}
