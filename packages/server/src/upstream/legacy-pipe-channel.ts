import type { JsonObject, Outcome, RequestMessage } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { initialize } from './legacy-info.ts'
import { LegacySubscriptions } from './legacy-subscriptions.ts'
import { NO_EVENTS } from './no-events.ts'
import type { SessionRouter } from './session-router.ts'

/** What carries all messages of one session in one place: a process's pipes, or the stream and address of HTTP+SSE. */
export interface MessagePipe {
  readonly isHttpSse?: boolean
  readonly router: SessionRouter
  /** Where messages that are no responses go. */
  events: PipeEvents
  readonly closed: boolean
  /** Aborted when the other side is gone; its reason says why. */
  readonly over: AbortSignal
  exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome>
  /** Resolves when it was handed over; never rejects. */
  send(message: object): void | Promise<void>
  close(): Promise<void>
}

export interface PipeEvents {
  notification(notification: ServerNotification): void
  request(request: RequestMessage): void
}

/** Initializes the session of a pipe (MCP 2025-11-25, Lifecycle). The pipe is the caller's to close on failure. */
export async function openLegacyPipeChannel(
  pipe: MessagePipe,
  terms: SessionTerms,
  signal: AbortSignal,
): Promise<Channel> {
  const ask = (params: JsonObject) => pipe.exchange('initialize', params, NO_EVENTS, signal)
  const info = { ...(await initialize(terms, ask)), isHttpSse: pipe.isHttpSse === true }
  pipe.router.revision = info.revision
  await pipe.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  return new LegacyPipeChannel(pipe, info)
}

/** A session with a legacy upstream over a pipe of its own. */
class LegacyPipeChannel implements Channel {
  readonly info: UpstreamInfo
  readonly #pipe: MessagePipe
  readonly #subscriptions: LegacySubscriptions

  constructor(pipe: MessagePipe, info: UpstreamInfo) {
    this.info = info
    this.#pipe = pipe
    const { router } = pipe
    this.#subscriptions = new LegacySubscriptions(this, router, pipe.over)
    pipe.events = {
      notification: (notification) => router.notification(notification),
      request: (request) => void router.request(request),
    }
  }

  get closed(): boolean {
    return this.#pipe.closed
  }

  exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#pipe.exchange(method, params, events, signal)
  }

  async notify(method: string, params: JsonObject | undefined): Promise<void> {
    await this.#pipe.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
  }

  subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    return this.#subscriptions.open(filter, onNotification, signal)
  }

  setSessionEvents(events: Partial<ExchangeEvents>): Promise<void> {
    this.#pipe.router.setSessionEvents(events)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#pipe.close()
  }
}
