import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type MessageId, type Outcome } from '../lib/json-rpc.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  UpstreamInfo,
} from './channel.ts'
import { LEGACY_VERSIONS, toLegacyInfo, toModernInfo } from './legacy-info.ts'
import { SessionRouter } from './session-router.ts'
import { StdioChild, type StdioTarget } from './stdio-child.ts'
import { subscribeLegacy } from './subscribe-legacy.ts'

export interface StdioOptions {
  readonly target: StdioTarget
  readonly limitBytes: number
  readonly timeoutMs: number
  readonly report: (what: string) => void
  readonly onLog: (line: string) => void
}

const PROBE_MS = 5000
const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'
const NO_EVENTS: ExchangeEvents = {
  notification() {},
  serverRequest: () => Promise.resolve({ error: { code: -32601, message: 'Not yet.' } }),
}

const PROBE_META = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'parley', version: '0.1.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
}

/** One process of a stdio upstream, in either era: many exchanges on one pair of pipes. */
export class StdioChannel implements Channel {
  readonly #options: StdioOptions
  readonly #child: StdioChild
  readonly #router: SessionRouter
  readonly #ending = new AbortController()
  #subscriptions = new Map<MessageId, (notification: ServerNotification) => void>()
  #info: UpstreamInfo | undefined
  closed = false

  constructor(options: StdioOptions) {
    this.#options = options
    this.#router = new SessionRouter((message) => this.#trySend(message), false)
    this.#child = new StdioChild(options.target, options.limitBytes, {
      onMessage: (message) => {
        if (message.kind === 'request') void this.#router.request(message.message)
        else if (message.kind === 'notification') this.#notification(message.message)
        else {
          const { id } = message.message
          const outcome: Outcome =
            'result' in message.message
              ? { result: message.message.result }
              : { error: message.message.error }
          if (!this.#router.response(id, outcome)) options.report('a response to nothing that was asked')
        }
      },
      onExit: (error) => {
        this.closed = true
        this.#router.abandonAll(error)
        this.#ending.abort(error)
      },
      onLog: options.onLog,
    })
  }

  get info(): UpstreamInfo {
    return this.#info!
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Finds out the era: `server/discover` first; any answer that is not modern, or silence, means a legacy server. */
  async detect(terms: SessionTerms, signal: AbortSignal): Promise<UpstreamInfo> {
    const outcome = await this.exchange(
      'server/discover',
      PROBE_META,
      NO_EVENTS,
      AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]),
    ).catch((error: unknown) => {
      if (signal.aborted || this.closed) throw error
      return undefined
    })
    if (outcome && 'result' in outcome && Array.isArray(outcome.result['supportedVersions'])) {
      this.#info = toModernInfo(outcome.result)
      return this.#info
    }
    return this.initialize(terms, signal)
  }

  async initialize(terms: SessionTerms, signal: AbortSignal): Promise<UpstreamInfo> {
    const params = {
      protocolVersion: LEGACY_VERSIONS[0]!,
      capabilities: terms.capabilities,
      clientInfo: terms.clientInfo,
    }
    this.#info = toLegacyInfo(await this.exchange('initialize', params, NO_EVENTS, signal))
    await this.notify('notifications/initialized', undefined)
    return this.#info
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (this.closed) throw new ParleyError('upstream_unavailable', "The server's process has ended.")
    if (signal.aborted) throw signal.reason
    const { id, message, response } = this.#router.begin(method, params, events)
    const onAbort = () => {
      this.#router.abandon(id, signal.reason)
      if (method !== 'initialize')
        this.#trySend({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => {
      this.#router.abandon(id, new ParleyError('upstream_timeout', 'The server did not answer in time.'))
      this.#trySend({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: 'timeout' },
      })
    }, this.#options.timeoutMs)
    try {
      this.#child.send(message)
      return await response
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  notify(method: string, params: JsonObject | undefined): Promise<void> {
    this.#trySend({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
    return Promise.resolve()
  }

  setSessionEvents(events: Partial<ExchangeEvents>): void {
    this.#router.setSessionEvents(events)
  }

  subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    if (this.info.era === '2026-07-28') return this.#subscribeModern(filter, onNotification, signal)
    return subscribeLegacy({
      channel: this,
      filter,
      onNotification,
      signal,
      listen: (listener) => this.#router.listen(listener),
      ended: this.#ending.signal,
    })
  }

  async close(): Promise<void> {
    this.closed = true
    this.#router.abandonAll(new ParleyError('upstream_unavailable', "The server's process was stopped."))
    this.#ending.abort(new ParleyError('unavailable', 'The channel was closed.'))
    await this.#child.stop()
  }

  #notification(notification: ServerNotification): void {
    const meta = notification.params?.['_meta']
    const id = isObject(meta) ? meta[SUBSCRIPTION_ID] : undefined
    const subscriber = id === undefined ? undefined : this.#subscriptions.get(id as MessageId)
    if (subscriber) subscriber(notification)
    else this.#router.notification(notification)
  }

  async #subscribeModern(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    const acknowledged = Promise.withResolvers<SubscriptionFilter>()
    const params = { ...PROBE_META, notifications: filter as JsonObject }
    const { id, message, response } = this.#router.begin('subscriptions/listen', params, NO_EVENTS)
    this.#subscriptions.set(id, (notification) => {
      if (notification.method !== 'notifications/subscriptions/acknowledged')
        return onNotification(notification)
      const honoured = notification.params?.['notifications']
      acknowledged.resolve(isObject(honoured) ? (honoured as SubscriptionFilter) : {})
    })
    const ended = response.then(
      () => 'graceful' as const,
      (error: unknown) => {
        acknowledged.reject(error)
        return 'lost' as const
      },
    )
    void ended.then(() => {
      this.#subscriptions.delete(id)
      acknowledged.reject(
        new ParleyError('upstream_unavailable', 'The server did not open the subscription.'),
      )
    })
    const close = () => {
      this.#trySend({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
      this.#router.abandon(id, new ParleyError('unavailable', 'The subscription was closed.'))
    }
    signal.addEventListener('abort', close, { once: true })
    this.#child.send(message)
    return { acknowledged: await acknowledged.promise, ended, close }
  }

  #trySend(message: object): void {
    if (this.closed) return
    this.#child.send(message)
  }
}
