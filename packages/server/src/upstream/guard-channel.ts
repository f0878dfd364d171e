import type { Channel, ExchangeEvents } from './channel.ts'
import type { Deadline } from './deadline.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

/** A channel whose exchanges and subscriptions pass the server's guard. */
export function guardChannel(channel: Channel, guard: UpstreamGuard): Channel {
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
    exchange: (method, params, events, signal) =>
      guard.run(
        signal,
        (inner, deadline) => channel.exchange(method, params, watch(events, deadline), inner),
        events.patienceMs,
      ),
    notify: (method, params) => channel.notify(method, params),
    async subscribe(filter, onNotification, signal) {
      const release = guard.takeSubscription()
      try {
        // The time limit is for the opening; afterwards the caller's signal alone ends it.
        const opening = new AbortController()
        const subscription = await guard.run(signal, (inner) => {
          inner.addEventListener('abort', () => opening.abort(inner.reason), { once: true })
          return channel.subscribe(filter, onNotification, opening.signal)
        })
        const onAbort = () => subscription.close()
        if (signal.aborted) onAbort()
        else signal.addEventListener('abort', onAbort, { once: true })
        void subscription.ended.then(() => {
          signal.removeEventListener('abort', onAbort)
          release()
        })
        return subscription
      } catch (error) {
        release()
        throw error
      }
    },
    setSessionEvents: (events) => channel.setSessionEvents(events),
    close: () => channel.close(),
    get sessionId() {
      return channel.sessionId
    },
    abandon: () => channel.abandon?.(),
  }
}

function watch(events: ExchangeEvents, deadline: Deadline): ExchangeEvents {
  return {
    notification(notification) {
      if (notification.method === 'notifications/progress') deadline.extend()
      events.notification(notification)
    },
    async serverRequest(request, signal) {
      deadline.pause()
      try {
        return await events.serverRequest(request, signal)
      } finally {
        deadline.resume()
      }
    },
    paused: (retryMs) => events.paused?.(retryMs),
    // The server is not late while nobody reads it.
    ready() {
      const ready = events.ready?.()
      if (!ready) return undefined
      deadline.pause()
      return ready.then(() => deadline.resume())
    },
    ...(events.patienceMs === undefined ? {} : { patienceMs: events.patienceMs }),
  }
}
