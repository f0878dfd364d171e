import { ParleyError } from '@parley/contract'
import type { EventStream } from '../http/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { encodeEvent } from '../lib/sse.ts'
import type { CatalogChange, ServerEntry } from '../registry/index.ts'
import type { Channel, ServerNotification, Subscription, SubscriptionFilter } from '../upstream/index.ts'
import type { Call, GatewayTools, Scope } from './call.ts'
import { callCredential } from './call-credential.ts'
import { acceptsStreams, termsOf } from './exchange-once.ts'
import { META } from './protocol.ts'
import { ownerOfUri } from './resolve-target.ts'
import { followTasks } from './tasks/follow-tasks.ts'
import { reachableEntry, requireUse } from './visibility.ts'
import type { ModernState } from './modern-state.ts'

const MAX_URIS = 1000
const MAX_WAITING = 1000

/**
 * `subscriptions/listen` (MCP 2026-07-28, Subscriptions): acknowledges first, then passes on what was asked for until
 * the client closes the stream, the upstream ends it, or the hub stops. Throws `rate_limited` when the caller has too
 * many streams open.
 */
export async function listen(tools: GatewayTools, state: ModernState, call: Call): Promise<void> {
  if (!acceptsStreams(call)) throw new ParleyError('not_acceptable', 'Accept must include text/event-stream.')
  const { req, res } = call
  const filter = readFilter(call)
  const closed = new AbortController()
  const onGone = () => closed.abort(new ParleyError('upstream_unavailable', 'The caller went away.'))
  res.once('close', onGone)
  const listener = new Listener(call.idJson)
  const place = tools.clientStreams.take(call.principal.subject)
  const source = await openSource(tools, state, call, {
    filter,
    taskIds: wantedTasks(call),
    pass: (notification) => listener.pass(notification),
    signal: closed.signal,
  }).catch((error: unknown) => {
    place.release()
    throw error
  })
  if (res.destroyed) {
    place.release()
    return source.close()
  }
  res.off('close', onGone)
  const end = () => listener.end()
  state.streams.add(end)
  const stream = place.open(req, res, {
    onDrain: end,
    onClose() {
      state.streams.delete(end)
      onGone()
      source.close()
    },
  })
  listener.start(stream, source.acknowledged)
  void source.ended.then(end)
}

/** What one subscription sends: each message carries the id of the request that opened it. */
class Listener {
  readonly #id: string | number
  #stream: EventStream | undefined
  #waiting: ServerNotification[] = []

  constructor(idJson: string) {
    this.#id = JSON.parse(idJson) as string | number
  }

  start(stream: EventStream, acknowledged: SubscriptionFilter): void {
    this.#stream = stream
    this.pass({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: acknowledged as JsonObject },
    })
    for (const notification of this.#waiting.splice(0)) this.pass(notification)
  }

  /** What comes before the acknowledgement waits for it. */
  pass({ method, params }: ServerNotification): void {
    if (!this.#stream) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ method, ...(params ? { params } : {}) })
      return
    }
    const meta = { ...(isObject(params?.['_meta']) ? params['_meta'] : {}), [META.subscriptionId]: this.#id }
    const message = { jsonrpc: '2.0', method, params: { ...params, _meta: meta } }
    this.#stream.send(encodeEvent(JSON.stringify(message)))
  }

  end(): void {
    const result = { resultType: 'complete', _meta: { [META.subscriptionId]: this.#id } }
    this.#stream?.end(encodeEvent(JSON.stringify({ jsonrpc: '2.0', id: this.#id, result })))
  }
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
  readonly taskIds: unknown
  readonly pass: (notification: ServerNotification) => void
  readonly signal: AbortSignal
}

/** Tasks are the hub's; everything else is the servers'. */
async function openSource(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: SourceOptions,
): Promise<Subscription> {
  const { taskIds: wanted, pass, filter } = options
  const tasks = followTasks(tools, state.runs, call, { wanted, pass })
  if (!tasks) return openServers(tools, state, call, options)
  const { taskIds } = tasks
  const isAll = Object.keys(filter).length === 0
  try {
    const servers = isAll ? nothingElse(tools, call) : await openServers(tools, state, call, options)
    return {
      acknowledged: { ...servers.acknowledged, ...(taskIds.length > 0 ? { taskIds } : {}) },
      ended: servers.ended,
      close() {
        tasks.close()
        servers.close()
      },
    }
  } catch (error) {
    tasks.close()
    throw error
  }
}

function wantedTasks(call: Call): unknown {
  const value = call.envelope.value('notifications')
  return isObject(value) ? value['taskIds'] : undefined
}

function nothingElse(tools: GatewayTools, call: Call): Subscription {
  reachableEntry(tools, call)
  const ending = Promise.withResolvers<'graceful'>()
  return { acknowledged: {}, ended: ending.promise, close: () => ending.resolve('graceful') }
}

function openServers(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  options: SourceOptions,
): Promise<Subscription> {
  const entry = reachableEntry(tools, call)
  if (!entry) return openMerged(tools, state, call, options)
  for (const uri of options.filter.resourceSubscriptions ?? [])
    requireUse(tools, call, { entry, kind: 'resource', name: uri, said: uri })
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
    const { credential } = await callCredential(state.sources, entry, () => call.principal)
    const channel: Channel = await entry.upstream.modern(credential)
    return channel.subscribe(options.filter, options.pass, options.signal)
  }
  return state.pool.follow(entry, {
    owner: call.principal,
    clientInfo: termsOf(call).clientInfo,
    filter: options.filter,
    onNotification: options.pass,
    signal: options.signal,
  })
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
    requireUse(tools, call, { entry: owner, kind: 'resource', name: uri, said: uri })
    owned.set(owner, [...(owned.get(owner) ?? []), uri])
  }
  const subscriptions = await Promise.all(
    [...owned].map(([entry, uris]) =>
      openSingle(state, call, entry, { ...options, filter: { resourceSubscriptions: uris } }),
    ),
  )
  const unwatch = tools.registry.onChange((change) => {
    if (!concerns(tools, call.scope, change)) return
    for (const method of listChanges(change, filter)) pass({ method })
  })
  const unfollow = tools.consents.onAnswer((request) => {
    if (request.grant !== call.principal.grant || request.state !== 'allowed') return
    for (const method of listChanges(EVERYTHING, filter)) pass({ method })
  })
  const unmind = tools.bundles.onChange((name) => {
    if (call.scope.kind !== 'merged' || call.scope.bundle !== name) return
    for (const method of listChanges(EVERYTHING, filter)) pass({ method })
  })
  const ending = Promise.withResolvers<'graceful'>()
  return {
    acknowledged: filter,
    ended: ending.promise,
    close() {
      unwatch()
      unfollow()
      unmind()
      for (const subscription of subscriptions) subscription.close()
      ending.resolve('graceful')
    },
  }
}

const EVERYTHING: CatalogChange = { server: '', tools: true, prompts: true, resources: true }
const ALL_LISTS: SubscriptionFilter = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
}

/** Whether the change of a server's catalog is one of the endpoint. */
export function concerns(
  { bundles }: Pick<GatewayTools, 'bundles'>,
  scope: Scope,
  { server }: CatalogChange,
): boolean {
  if (scope.kind === 'single') return scope.name === server
  return scope.bundle === undefined || bundles.find(scope.bundle)?.concerns(server) === true
}

/** The notifications when what a caller may use has changed. */
export const LIST_CHANGES = listChanges(EVERYTHING, ALL_LISTS)

/** The notifications that a change of the catalog means for someone who asked for these kinds. */
export function listChanges(change: CatalogChange, filter: SubscriptionFilter): string[] {
  const methods: string[] = []
  if (change.tools && filter.toolsListChanged) methods.push('notifications/tools/list_changed')
  if (change.prompts && filter.promptsListChanged) methods.push('notifications/prompts/list_changed')
  if (change.resources && filter.resourcesListChanged) methods.push('notifications/resources/list_changed')
  return methods
}
