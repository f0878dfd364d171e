import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { CatalogChange, ServerEntry } from '../registry/index.ts'
import type { Channel, ServerNotification, Subscription, SubscriptionFilter } from '../upstream/index.ts'
import { entryOf, type Call, type GatewayTools } from './call.ts'
import { termsOf, type ModernState } from './exchange-once.ts'
import { META } from './protocol.ts'
import type { Reply } from './reply.ts'
import { ownerOfUri } from './resolve-target.ts'

const HEARTBEAT_MS = 15_000
const MAX_URIS = 1000

/**
 * `subscriptions/listen` (MCP 2026-07-28, Subscriptions): acknowledges first, then passes on what was asked for until
 * the client closes the stream, the upstream ends it, or the hub stops.
 */
export async function listen(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  reply: Reply,
): Promise<void> {
  const filter = readFilter(call)
  const closed = new AbortController()
  call.res.once('close', () => closed.abort(new ParleyError('upstream_unavailable', 'The caller went away.')))
  const subscriptionId = JSON.parse(call.idJson) as string | number
  const tag = (params: JsonObject | undefined) => ({
    ...params,
    _meta: { ...(isObject(params?.['_meta']) ? params['_meta'] : {}), [META.subscriptionId]: subscriptionId },
  })
  const waiting: ServerNotification[] = []
  let acknowledged = false
  const pass = (notification: ServerNotification) => {
    if (!acknowledged) waiting.push(notification)
    else reply.send({ method: notification.method, params: tag(notification.params) })
  }
  const source = await openSource(tools, state, call, { filter, pass, signal: closed.signal })
  const end = () => {
    closed.abort(new ParleyError('unavailable', 'The subscription has ended.'))
    source.close()
    reply.finish({ result: { resultType: 'complete', _meta: { [META.subscriptionId]: subscriptionId } } })
    state.streams.delete(end)
  }
  reply.openStream()
  reply.send({
    method: 'notifications/subscriptions/acknowledged',
    params: tag({ notifications: source.acknowledged }),
  })
  acknowledged = true
  for (const notification of waiting.splice(0)) pass(notification)
  state.streams.add(end)
  const beat = setInterval(() => reply.write(':\n\n'), HEARTBEAT_MS)
  beat.unref()
  call.res.once('close', () => {
    clearInterval(beat)
    state.streams.delete(end)
    source.close()
  })
  void source.ended.then(end)
}

function readFilter(call: Call): SubscriptionFilter {
  const value = call.envelope.value('notifications')
  if (!isObject(value)) throw new ParleyError('invalid_params', 'params.notifications must be an object.')
  const uris = value['resourceSubscriptions']
  if (
    uris !== undefined &&
    !(Array.isArray(uris) && uris.length <= MAX_URIS && uris.every((uri) => typeof uri === 'string'))
  ) {
    throw new ParleyError(
      'invalid_params',
      `resourceSubscriptions must be a list of at most ${MAX_URIS} URIs.`,
    )
  }
  return {
    ...(value['toolsListChanged'] === true ? { toolsListChanged: true } : {}),
    ...(value['promptsListChanged'] === true ? { promptsListChanged: true } : {}),
    ...(value['resourcesListChanged'] === true ? { resourcesListChanged: true } : {}),
    ...(Array.isArray(uris) && uris.length > 0 ? { resourceSubscriptions: uris as string[] } : {}),
  }
}

interface SourceOptions {
  readonly filter: SubscriptionFilter
  readonly pass: (notification: ServerNotification) => void
  readonly signal: AbortSignal
}

function openSource(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: SourceOptions,
): Promise<Subscription> {
  const entry = entryOf(tools, call.scope)
  if (!entry) return openMerged(tools, state, call, options)
  return openSingle(state, call, entry, options)
}

async function openSingle(
  state: ModernState,
  call: Call,
  entry: ServerEntry,
  options: SourceOptions,
): Promise<Subscription> {
  const info = await entry.upstream.info()
  if (info.era === '2026-07-28') {
    const channel: Channel = await entry.upstream.modern()
    return channel.subscribe(options.filter, options.pass, options.signal)
  }
  const terms = { ...termsOf(call), capabilities: {} }
  const lease = await state.pool.lease(entry, call.principal.subject, terms, options.signal)
  options.signal.addEventListener('abort', () => lease.release(), { once: true })
  return lease.channel.subscribe(options.filter, options.pass, options.signal)
}

/** All servers: list changes come from the registry, resource updates from each URI's owner. */
async function openMerged(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: SourceOptions,
): Promise<Subscription> {
  const { filter, pass } = options
  const owned = new Map<ServerEntry, string[]>()
  for (const uri of filter.resourceSubscriptions ?? []) {
    const owner = ownerOfUri(tools, call.scope, uri)
    owned.set(owner, [...(owned.get(owner) ?? []), uri])
  }
  const subscriptions = await Promise.all(
    [...owned].map(([entry, uris]) =>
      openSingle(state, call, entry, { ...options, filter: { resourceSubscriptions: uris } }),
    ),
  )
  const unwatch = tools.registry.onChange((change) => {
    for (const method of listChanges(change, filter)) pass({ method })
  })
  const ending = Promise.withResolvers<'graceful'>()
  return {
    acknowledged: filter,
    ended: ending.promise,
    close() {
      unwatch()
      for (const subscription of subscriptions) subscription.close()
      ending.resolve('graceful')
    },
  }
}

/** The notifications that a change of the catalog means for someone who asked for these kinds. */
export function listChanges(change: CatalogChange, filter: SubscriptionFilter): string[] {
  const methods: string[] = []
  if (change.tools && filter.toolsListChanged) methods.push('notifications/tools/list_changed')
  if (change.prompts && filter.promptsListChanged) methods.push('notifications/prompts/list_changed')
  if (change.resources && filter.resourcesListChanged) methods.push('notifications/resources/list_changed')
  return methods
}
