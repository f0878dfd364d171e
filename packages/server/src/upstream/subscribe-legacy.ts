import { isObject } from '../lib/json-rpc.ts'
import type { Channel, ServerNotification, Subscription, SubscriptionFilter } from './channel.ts'

interface SubscribeOptions {
  readonly channel: Channel
  readonly filter: SubscriptionFilter
  readonly onNotification: (notification: ServerNotification) => void
  readonly signal: AbortSignal
  readonly listen: (listener: (notification: ServerNotification) => void) => () => void
  /** Fires when the session ends. */
  readonly ended: AbortSignal
}

const NO_EVENTS = {
  notification() {},
  serverRequest: () => Promise.resolve({ error: { code: -32601, message: 'Nothing can be asked here.' } }),
}

/** A subscription on a legacy session: `resources/subscribe` per URI, and its unsolicited notifications, filtered. */
export async function subscribeLegacy(options: SubscribeOptions): Promise<Subscription> {
  const { channel, filter, onNotification, signal } = options
  const uris = new Set(filter.resourceSubscriptions)
  const resources = channel.info.capabilities['resources']
  const canSubscribe = isObject(resources) && resources['subscribe'] === true
  if (canSubscribe) {
    for (const uri of uris) await channel.exchange('resources/subscribe', { uri }, NO_EVENTS, signal)
  }
  const ending = Promise.withResolvers<'graceful' | 'lost'>()
  const unlisten = options.listen((notification) => {
    if (isWanted(notification, filter, uris)) onNotification(notification)
  })
  const lost = () => {
    unlisten()
    ending.resolve('lost')
  }
  options.ended.addEventListener('abort', lost, { once: true })
  signal.addEventListener('abort', unlisten, { once: true })
  const { resourceSubscriptions, ...rest } = filter
  return {
    acknowledged: canSubscribe && resourceSubscriptions ? { ...rest, resourceSubscriptions } : rest,
    ended: ending.promise,
    close() {
      unlisten()
      options.ended.removeEventListener('abort', lost)
      if (!canSubscribe || channel.closed) return
      for (const uri of uris)
        channel
          .exchange('resources/unsubscribe', { uri }, NO_EVENTS, AbortSignal.timeout(5000))
          .catch(() => undefined)
    },
  }
}

function isWanted(
  { method, params }: ServerNotification,
  filter: SubscriptionFilter,
  uris: ReadonlySet<string>,
): boolean {
  if (method === 'notifications/tools/list_changed') return filter.toolsListChanged === true
  if (method === 'notifications/prompts/list_changed') return filter.promptsListChanged === true
  if (method === 'notifications/resources/list_changed') return filter.resourcesListChanged === true
  return method === 'notifications/resources/updated' && uris.has(String(params?.['uri']))
}
