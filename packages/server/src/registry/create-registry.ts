import { createHash } from 'node:crypto'
import { ParleyError, toParleyError, type AddServerBody } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import { canonicalJson } from '../lib/jcs.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import type { Channel, Upstream } from '../upstream/index.ts'
import type { CatalogChange, Definition, Registry, ServerEntry } from './catalog.ts'
import { Changes } from './changes.ts'
import { findLookalike } from './find-lookalike.ts'
import { ManagedServer } from './managed-server.ts'
import { planReading, reasonFor } from './plan-reading.ts'
import { openReader, readUpstream, type Reading } from './read-upstream.ts'
import { RegistryStore, type ServerRow, type ServerTarget } from './registry-store.ts'

/** A server as parley.yaml declares it. */
export interface DeclaredServer {
  readonly name: string
  readonly target: ServerTarget
}

export interface RegistryOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly declared: readonly DeclaredServer[]
  /** Makes the way to a server; for HTTP this is where the administrator's host and port are let through. */
  readonly connect: (name: string, target: ServerTarget, mirrored: ManagedServer['mirrored']) => Upstream
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

/** The registry with what an administrator does to it. `actor` is the administrator's subject. */
export interface ManagedRegistry extends Registry {
  servers(): readonly ManagedServer[]
  server(name: string): ManagedServer
  add(body: AddServerBody, actor: string): Promise<ManagedServer>
  remove(name: string, actor: string): Promise<void>
  approve(
    name: string,
    items: readonly { kind: string; name: string; hash: string }[],
    actor: string,
  ): Promise<ManagedServer>
  refresh(name: string): Promise<ManagedServer>
}

const REFRESH_MS = 5 * 60_000
const MAX_RETRY_MS = 30_000
const READ_TIMEOUT_MS = 60_000
const QUIET_MS = 200

export async function createRegistry(options: RegistryOptions): Promise<ManagedRegistry> {
  const registry = new ServerRegistry(options)
  await registry.start()
  return registry
}

class ServerRegistry implements ManagedRegistry {
  readonly #options: RegistryOptions
  readonly #rows: RegistryStore
  readonly #changes: Changes
  readonly #listeners = new Set<(change: CatalogChange) => void>()
  readonly #servers = new Map<string, ManagedServer>()
  readonly #timers = new Map<string, Timer>()
  readonly #readers = new Map<string, Channel>()
  readonly #reading = new Map<string, Promise<void>>()
  readonly #ending = new AbortController()
  #approved: readonly ManagedServer[] = []
  version = 0

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#rows = new RegistryStore(options.store)
    this.#changes = new Changes(options, () => this.version)
  }

  /** Makes the stored servers and the declared ones agree, and begins to connect. */
  async start(): Promise<void> {
    const declared = new Map(this.#options.declared.map((one) => [one.name, one.target]))
    for (const row of this.#rows.servers()) {
      const target = declared.get(row.name)
      if (row.source === 'file' && (!target || hashTarget(target) !== row.targetHash)) {
        await this.#changes.commit([this.#rows.deleteServer(row.id)], {
          action: 'server.remove',
          actor: 'parley.yaml',
          note: `${row.name} is no longer declared so`,
        })
      } else this.#manage(row)
    }
    for (const [name, target] of declared) {
      if (this.#servers.has(name)) continue
      await this.#insert(name, target, { source: 'file', state: 'approved', actor: 'parley.yaml' })
    }
    for (const server of this.#servers.values()) this.#schedule(server, 0, 0)
  }

  entries(): readonly ServerEntry[] {
    return this.#approved
  }

  entry(name: string): ServerEntry | undefined {
    const server = this.#servers.get(name)
    return server?.row.state === 'approved' ? server : undefined
  }

  servers(): readonly ManagedServer[] {
    return [...this.#servers.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  server(name: string): ManagedServer {
    const server = this.#servers.get(name)
    if (!server) throw new ParleyError('not_found', `There is no server "${name}".`)
    return server
  }

  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async add(body: AddServerBody, actor: string): Promise<ManagedServer> {
    const url = URL.canParse(body.url) ? new URL(body.url) : undefined
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
      throw new ParleyError('invalid_params', 'url must be an http or https URL without credentials.')
    }
    if (url.hash !== '') throw new ParleyError('invalid_params', 'url must not have a fragment.')
    const lookalike = this.#servers.has(body.name)
      ? body.name
      : findLookalike(body.name, this.#servers.keys())
    if (lookalike !== undefined)
      throw new ParleyError('conflict', `The name is taken, or too like the server "${lookalike}".`)
    const state = body.pending === true ? 'pending' : 'approved'
    const server = await this.#insert(
      body.name,
      { transport: 'http', url: url.href },
      { source: 'api', state, actor },
    )
    await this.#read(server)
    this.#schedule(server, REFRESH_MS, 0)
    return server
  }

  async remove(name: string, actor: string): Promise<void> {
    const server = this.server(name)
    if (server.row.source === 'file') {
      throw new ParleyError(
        'conflict',
        `"${name}" stands in parley.yaml; take it out there and start the hub again.`,
      )
    }
    await this.#changes.commit([this.#rows.deleteServer(server.id)], {
      action: 'server.remove',
      actor,
      note: name,
    })
    this.#servers.delete(name)
    this.#timers.get(server.id)?.cancel()
    this.#changed(server, true)
    await server.upstream.close()
  }

  async approve(
    name: string,
    items: readonly { kind: string; name: string; hash: string }[],
    actor: string,
  ): Promise<ManagedServer> {
    const server = this.server(name)
    const unit = [
      ...items.map((item) => this.#rows.approve(server.id, item)),
      this.#rows.setState(server.id, 'approved'),
    ]
    const note = `${name}: ${items.map((item) => `${item.kind} ${item.name}`).join(', ')}`.slice(0, 2000)
    await this.#changes.commit(unit, {
      action: 'definition.approve',
      actor,
      note,
      conflict: 'A definition has changed again since you saw it. Look at it once more.',
    })
    server.row = { ...server.row, state: 'approved' }
    this.#adopt(server, undefined)
    return server
  }

  async refresh(name: string): Promise<ManagedServer> {
    const server = this.server(name)
    await this.#read(server)
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new ParleyError('unavailable', 'The hub is stopping.'))
    for (const timer of this.#timers.values()) timer.cancel()
    await Promise.allSettled([...this.#servers.values()].map((server) => server.upstream.close()))
    await Promise.allSettled(this.#reading.values())
  }

  async #insert(
    name: string,
    target: ServerTarget,
    how: { source: ServerRow['source']; state: ServerRow['state']; actor: string },
  ): Promise<ManagedServer> {
    const { source, state, actor } = how
    const row: ServerRow = {
      id: this.#options.newId('server'),
      name,
      source,
      state,
      target,
      targetHash: hashTarget(target),
      pinned: false,
    }
    const server = this.#prepare(row)
    await this.#changes.commit([this.#rows.insertServer(row, this.#options.clock.now())], {
      action: 'server.add',
      actor,
      note: name,
      conflict: `The name "${name}" is taken.`,
    })
    this.#servers.set(name, server)
    this.#adopt(server, undefined)
    return server
  }

  #manage(row: ServerRow): void {
    const server = this.#prepare(row)
    this.#servers.set(row.name, server)
    this.#adopt(server, undefined)
  }

  #prepare(row: ServerRow): ManagedServer {
    const made: { server?: ManagedServer } = {}
    const upstream = this.#options.connect(row.name, row.target, (tool) => made.server?.mirrored(tool) ?? [])
    const server = new ManagedServer(row, upstream, (definition) => this.#holdBack(server, definition))
    made.server = server
    return server
  }

  #schedule(server: ManagedServer, delayMs: number, failures: number): void {
    this.#timers.get(server.id)?.cancel()
    const timer = this.#options.clock.setTimeout(() => {
      void this.#read(server).then(
        () =>
          this.#schedule(
            server,
            server.health === 'ready' ? REFRESH_MS : Math.min(MAX_RETRY_MS, 1000 * 2 ** failures),
            server.health === 'ready' ? 0 : failures + 1,
          ),
        (error: unknown) =>
          this.#options.log('a server could not be read', {
            server: server.name,
            error: toParleyError(error).message,
          }),
      )
    }, delayMs)
    this.#timers.set(server.id, timer)
  }

  /** Reads a server's definitions now; one reading at a time, whoever asks. Never rejects for the server's faults. */
  #read(server: ManagedServer): Promise<void> {
    const running = this.#reading.get(server.id)
    if (running) return running
    const reading = this.#readOnce(server).finally(() => this.#reading.delete(server.id))
    this.#reading.set(server.id, reading)
    return reading
  }

  async #readOnce(server: ManagedServer): Promise<void> {
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(READ_TIMEOUT_MS)])
    try {
      const channel = await this.#reader(server, signal)
      server.info = channel.info
      const reading = await readUpstream(channel, signal)
      await this.#take(server, reading)
      server.health = 'ready'
      server.lastError = undefined
      server.lastSeenAt = this.#options.clock.now()
    } catch (error) {
      if (this.#ending.signal.aborted) return
      const known = toParleyError(error)
      server.health = known.code === 'upstream_invalid' ? 'failing' : 'unreachable'
      server.lastError = known.message
      this.#options.log('a server is not reachable', {
        server: server.name,
        error: known.message,
        detail: known.detail,
      })
    }
  }

  /** The hub's own channel to a server, kept open to hear of changes. */
  async #reader(server: ManagedServer, signal: AbortSignal): Promise<Channel> {
    const known = this.#readers.get(server.id)
    if (known && !known.closed) return known
    const channel = await openReader(server.upstream, signal)
    this.#readers.set(server.id, channel)
    const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    channel
      .subscribe(filter, () => this.#schedule(server, QUIET_MS, 0), this.#ending.signal)
      .then(
        (subscription) =>
          void subscription.ended.then(() => {
            if (this.#readers.get(server.id) === channel) this.#readers.delete(server.id)
          }),
        // A server without subscriptions is read again every five minutes.
        () => undefined,
      )
    return channel
  }

  async #take(server: ManagedServer, reading: Reading): Promise<void> {
    const first = !server.row.pinned && server.row.state === 'approved'
    const unit = planReading(this.#rows, server, { reading, first, at: this.#options.clock.now() })
    if (unit.length > 0) {
      const action = first ? 'definition.approve' : 'definition.change'
      await this.#changes.commit(unit, {
        action,
        actor: first ? 'administrator' : server.name,
        note: `${server.name}: ${reading.definitions.length} definitions read`,
      })
      if (first) server.row = { ...server.row, pinned: true }
    }
    if (unit.length > 0 || server.catalog.resources.size !== reading.resources.size)
      this.#adopt(server, reading.resources)
  }

  /** A definition that a caller's list showed first: stored as held back, in the background. */
  #holdBack(server: ManagedServer, definition: Definition): void {
    const row = server.definitions.find((one) => one.kind === definition.kind && one.name === definition.name)
    const reason = reasonFor(undefined, row?.approvedHash ?? null)
    const unit = this.#rows.saveDefinition(server.id, definition, {
      at: this.#options.clock.now(),
      approve: false,
      reason,
    })
    this.#changes
      .commit(unit, {
        action: 'definition.change',
        actor: server.name,
        note: `${server.name}: ${definition.kind} ${definition.name}`,
      })
      .then(
        () => this.#adopt(server, undefined),
        (error: unknown) =>
          this.#options.log('a changed definition could not be stored', {
            server: server.name,
            error: toParleyError(error).message,
          }),
      )
  }

  #adopt(server: ManagedServer, resources: Reading['resources'] | undefined): void {
    server.refresh(this.#rows.definitions(server.id), resources)
    this.#changed(server, resources !== undefined)
  }

  #changed(server: ManagedServer, resources: boolean): void {
    this.version++
    this.#approved = this.servers().filter((one) => one.row.state === 'approved')
    if (server.row.state !== 'approved') return
    for (const listener of this.#listeners)
      listener({ server: server.name, tools: true, prompts: true, resources })
  }
}

/** Approvals hold for exactly this way of reaching the server: URL, or command, arguments and package. */
function hashTarget(target: ServerTarget): string {
  return createHash('sha256').update(canonicalJson(target)).digest('base64url')
}
