import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Channel, ServerNotification, Subscription, SubscriptionFilter } from './channel.ts'
import { NO_EVENTS } from './no-events.ts'
import { orAborted } from './or-aborted.ts'

interface Session {
  readonly channel: Pick<Channel, 'info' | 'exchange' | 'closed'>
  readonly router: { listen(listener: (notification: ServerNotification) => void): () => void }
  readonly over: AbortSignal
}

const REQUEST_TIMEOUT_MS = 30_000
const AT_ONCE = 8

/**
 * Subscriptions on a legacy session: `resources/subscribe` once per URI however many want it, and the session's
 * unsolicited notifications, filtered for each (MCP 2025-11-25, Resources: Subscriptions).
 */
export class LegacySubscriptions {
  readonly #session: Session
  readonly #users = new Map<string, { count: number; accepted: Promise<boolean> }>()

  constructor(channel: Session['channel'], router: Session['router'], over: AbortSignal) {
    this.#session = { channel, router, over }
  }

  async open(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription> {
    const { channel, router, over } = this.#session
    signal.throwIfAborted()
    const wanted = [...new Set(filter.resourceSubscriptions)]
    const held: string[] = []
    const unlisten = router.listen((notification) => {
      if (isWanted(notification, filter, held)) onNotification(notification)
    })
    const ending = Promise.withResolvers<'graceful' | 'lost'>()
    const finish = (how: 'graceful' | 'lost') => {
      unlisten()
      over.removeEventListener('abort', onLost)
      signal.removeEventListener('abort', close)
      for (const uri of held.splice(0)) this.#release(uri)
      ending.resolve(how)
    }
    const onLost = () => finish('lost')
    const close = () => finish('graceful')
    over.addEventListener('abort', onLost, { once: true })
    signal.addEventListener('abort', close, { once: true })
    try {
      const accepted = await this.#holdAll(wanted, held, signal)
      if (over.aborted) onLost()
      return {
        acknowledged: acknowledge(filter, channel.info.capabilities, accepted),
        ended: ending.promise,
        close,
      }
    } catch (error) {
      close()
      throw error
    }
  }

  /** Subscribes to a few URIs at a time; `held` grows as it goes, so that a failure gives back what was taken. */
  async #holdAll(uris: readonly string[], held: string[], signal: AbortSignal): Promise<string[]> {
    if (!offers(this.#session.channel.info.capabilities, 'resources', 'subscribe')) return []
    const accepted: string[] = []
    for (let at = 0; at < uris.length; at += AT_ONCE) {
      const some = uris.slice(at, at + AT_ONCE)
      held.push(...some)
      const answers = await Promise.all(some.map((uri) => orAborted(this.#hold(uri), signal)))
      accepted.push(...some.filter((_, index) => answers[index]))
      signal.throwIfAborted()
    }
    return accepted
  }

  /** Others may come to share it, so it is not one subscriber's signal that ends the request. */
  #hold(uri: string): Promise<boolean> {
    const known = this.#users.get(uri)
    if (known) {
      known.count++
      return known.accepted
    }
    const accepted = this.#session.channel
      .exchange('resources/subscribe', { uri }, NO_EVENTS, AbortSignal.timeout(REQUEST_TIMEOUT_MS))
      .then((outcome) => 'result' in outcome)
    accepted.catch(() => this.#users.delete(uri))
    this.#users.set(uri, { count: 1, accepted })
    return accepted
  }

  #release(uri: string): void {
    const user = this.#users.get(uri)
    if (!user || --user.count > 0) return
    this.#users.delete(uri)
    const { channel } = this.#session
    if (channel.closed) return
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
    channel.exchange('resources/unsubscribe', { uri }, NO_EVENTS, signal).catch(
      // What still comes for it is filtered out here.
      () => undefined,
    )
  }
}

function acknowledge(
  filter: SubscriptionFilter,
  capabilities: JsonObject,
  uris: readonly string[],
): SubscriptionFilter {
  const honours = (kind: 'tools' | 'prompts' | 'resources') => offers(capabilities, kind, 'listChanged')
  return {
    ...(filter.toolsListChanged && honours('tools') ? { toolsListChanged: true } : {}),
    ...(filter.promptsListChanged && honours('prompts') ? { promptsListChanged: true } : {}),
    ...(filter.resourcesListChanged && honours('resources') ? { resourcesListChanged: true } : {}),
    ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
  }
}

function offers(capabilities: JsonObject, kind: string, feature: string): boolean {
  const capability = capabilities[kind]
  return isObject(capability) && capability[feature] === true
}

/** An update may name a part of the resource that was subscribed to (MCP 2025-11-25, ResourceUpdatedNotification). */
function isWanted(
  { method, params }: ServerNotification,
  filter: SubscriptionFilter,
  uris: readonly string[],
): boolean {
  if (method === 'notifications/tools/list_changed') return filter.toolsListChanged === true
  if (method === 'notifications/prompts/list_changed') return filter.promptsListChanged === true
  if (method === 'notifications/resources/list_changed') return filter.resourcesListChanged === true
  if (method !== 'notifications/resources/updated') return false
  const updated = String(params?.['uri'])
  return uris.some((uri) => updated.startsWith(uri))
}
