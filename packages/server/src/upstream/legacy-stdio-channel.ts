import type { JsonObject, Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { initializeParams, toLegacyInfo } from './legacy-info.ts'
import { LegacySubscriptions } from './legacy-subscriptions.ts'
import { NO_EVENTS } from './no-events.ts'
import type { StdioConnection } from './stdio-connection.ts'

/** Initializes the process's session (MCP 2025-11-25, Lifecycle). The connection is the caller's to close on failure. */
export async function openLegacyStdioChannel(
  connection: StdioConnection,
  terms: SessionTerms,
  signal: AbortSignal,
): Promise<Channel> {
  const outcome = await connection.exchange('initialize', initializeParams(terms), NO_EVENTS, signal)
  const info = toLegacyInfo(outcome)
  connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  return new LegacyStdioChannel(connection, info)
}

/** A session with a legacy upstream over stdio: a process of its own. */
class LegacyStdioChannel implements Channel {
  readonly info: UpstreamInfo
  readonly #connection: StdioConnection
  readonly #subscriptions: LegacySubscriptions

  constructor(connection: StdioConnection, info: UpstreamInfo) {
    this.info = info
    this.#connection = connection
    const { router } = connection
    this.#subscriptions = new LegacySubscriptions(this, router, connection.over)
    connection.events = {
      notification: (notification) => router.notification(notification),
      request: (request) => void router.request(request),
    }
  }

  get closed(): boolean {
    return this.#connection.closed
  }

  exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#connection.exchange(method, params, events, signal)
  }

  notify(method: string, params: JsonObject | undefined): Promise<void> {
    this.#connection.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
    return Promise.resolve()
  }

  subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    return this.#subscriptions.open(filter, onNotification, signal)
  }

  setSessionEvents(events: Partial<ExchangeEvents>): Promise<void> {
    this.#connection.router.setSessionEvents(events)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
