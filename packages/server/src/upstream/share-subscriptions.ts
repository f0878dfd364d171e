import type { Channel, ServerNotification, Subscription, SubscriptionFilter } from './channel.ts'
import { orAborted } from './or-aborted.ts'

type Listener = (notification: ServerNotification) => void

/**
 * A channel on which subscriptions with the same filter are one towards the server: a thousand clients that
 * listen for list changes hold one connection, not a thousand.
 */
export function shareSubscriptions(channel: Channel): Channel {
  const shared = new SharedSubscriptions(channel)
  return {
    get info() {
      return channel.info
    },
    get closed() {
      return channel.closed
    },
    get resumption() {
      return channel.resumption
    },
    exchange: (method, params, events, signal) => channel.exchange(method, params, events, signal),
    notify: (method, params) => channel.notify(method, params),
    subscribe: (filter, onNotification, signal) => shared.subscribe(filter, onNotification, signal),
    setSessionEvents: (events) => channel.setSessionEvents(events),
    close: () => channel.close(),
    get sessionId() {
      return channel.sessionId
    },
    abandon: () => channel.abandon?.(),
  }
}

interface Source {
  readonly opening: Promise<Subscription>
  readonly abort: AbortController
  readonly listeners: Map<symbol, { onNotification: Listener; end: (how: 'graceful' | 'lost') => void }>
}

class SharedSubscriptions {
  readonly #channel: Channel
  readonly #sources = new Map<string, Source>()

  constructor(channel: Channel) {
    this.#channel = channel
  }

  async subscribe(
    filter: SubscriptionFilter,
    onNotification: Listener,
    signal: AbortSignal,
  ): Promise<Subscription> {
    signal.throwIfAborted()
    const key = keyOf(filter)
    const source = this.#sources.get(key) ?? this.#open(key, filter)
    const me = Symbol('subscriber')
    const ended = Promise.withResolvers<'graceful' | 'lost'>()
    source.listeners.set(me, { onNotification, end: ended.resolve })
    const close = () => {
      signal.removeEventListener('abort', close)
      ended.resolve('graceful')
      if (source.listeners.delete(me) && source.listeners.size === 0) this.#close(key, source)
    }
    signal.addEventListener('abort', close, { once: true })
    try {
      const { acknowledged } = await orAborted(source.opening, signal)
      return { acknowledged, ended: ended.promise, close }
    } catch (error) {
      close()
      throw error
    }
  }

  #open(key: string, filter: SubscriptionFilter): Source {
    const abort = new AbortController()
    const listeners: Source['listeners'] = new Map()
    const tellAll = (notification: ServerNotification) => {
      for (const listener of listeners.values()) listener.onNotification(notification)
    }
    const source: Source = {
      opening: this.#channel.subscribe(filter, tellAll, abort.signal),
      abort,
      listeners,
    }
    this.#sources.set(key, source)
    source.opening.then(
      (subscription) =>
        subscription.ended.then((how) => {
          this.#forget(key, source)
          for (const listener of listeners.values()) listener.end(how)
          listeners.clear()
        }),
      () => this.#forget(key, source),
    )
    return source
  }

  #close(key: string, source: Source): void {
    this.#forget(key, source)
    source.abort.abort()
    source.opening.then(
      (subscription) => subscription.close(),
      // Whoever waits for the opening hears of it there.
      () => undefined,
    )
  }

  #forget(key: string, source: Source): void {
    if (this.#sources.get(key) === source) this.#sources.delete(key)
  }
}

function keyOf(filter: SubscriptionFilter): string {
  const { resourceSubscriptions, ...rest } = filter
  const kinds = Object.entries(rest)
    .filter(([, wanted]) => wanted === true)
    .map(([kind]) => kind)
  return JSON.stringify([kinds.sort(), [...new Set(resourceSubscriptions)].sort()])
}
