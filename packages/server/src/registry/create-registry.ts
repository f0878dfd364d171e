import { ParleyError, toParleyError, type AddServerBody } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import { findConfusableName } from '../config/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import type { Upstream } from '../upstream/index.ts'
import type { CatalogChange, Registry, ServerEntry } from './catalog.ts'
import { Changes } from './changes.ts'
import { describeVerdicts } from './definition-records.ts'
import { judgeDefinitions, type Verdict } from './judge-definitions.ts'
import { ManagedServer } from './managed-server.ts'
import type { OfferedName } from './name-index.ts'
import { definitionKey, type Reading } from './read-upstream.ts'
import { RegistryStore, type ServerRow } from './registry-store.ts'
import { approveDefinitions, type ApprovedItem } from './review-definitions.ts'
import { ServerReader } from './server-reader.ts'
import { hashTarget, readAddedTarget, type ServerTarget } from './server-target.ts'
import { SightingQueue } from './sighting-queue.ts'
import { Turns } from './turns.ts'

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
  /**
   * Makes the way to a server; for HTTP this is where the administrator's host and port are let through, and closing
   * the upstream is where that is taken back.
   */
  readonly connect: (name: string, target: ServerTarget, mirrored: ManagedServer['mirrored']) => Upstream
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

/** The registry with what an administrator does to it. `actor` is the administrator's subject. */
export interface ManagedRegistry extends Registry {
  /** In name order. */
  servers(): readonly ManagedServer[]
  /** Throws `not_found`. */
  server(name: string): ManagedServer
  /**
   * Adds an HTTP server and reads it once, reachable or not. Throws `invalid_params`, or `conflict` for a name that is
   * taken or too like another.
   */
  add(body: AddServerBody, actor: string): Promise<ManagedServer>
  /** Removes an added server with its definitions and approvals; `conflict` for one that parley.yaml declares. */
  remove(name: string, actor: string): Promise<void>
  /** Approves exactly the hashes that were seen, all or none (`conflict`), and a pending server with them. */
  approve(name: string, items: readonly ApprovedItem[], actor: string): Promise<ManagedServer>
  /** Connects again and reads the definitions now. */
  refresh(name: string): Promise<ManagedServer>
}

interface Tended {
  readonly server: ManagedServer
  readonly reader: ServerReader
  readonly sightings: SightingQueue
  /** Each change is judged against the outcome of the one before. */
  readonly turns: Turns
}

const FILE_ACTOR = 'parley.yaml'

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
  readonly #tended = new Map<string, Tended>()
  readonly #adding = new Set<string>()
  #entries: readonly ManagedServer[] = []
  version = 0

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#rows = new RegistryStore(options.store)
    this.#changes = new Changes(options, () => this.version)
  }

  /** Makes the stored servers and the declared ones agree, and begins to connect. */
  async start(): Promise<void> {
    const declared = new Map(this.#options.declared.map((one) => [one.name, one.target]))
    const known = this.#rows.servers()
    for (const row of known) await this.#reconcile(row, declared.get(row.name))
    const moved = new Set(known.filter(({ source }) => source === 'file').map(({ name }) => name))
    for (const [name, target] of declared) {
      if (this.#tended.has(name)) continue
      this.#refuseConfusable(name)
      const state = moved.has(name) ? 'pending' : 'approved'
      await this.#insert(name, target, { source: 'file', state, actor: FILE_ACTOR })
    }
    for (const { reader } of this.#tended.values()) reader.start()
  }

  entries(): readonly ServerEntry[] {
    return this.#entries
  }

  entry(name: string): ServerEntry | undefined {
    const server = this.#tended.get(name)?.server
    return server?.row.state === 'approved' ? server : undefined
  }

  servers(): readonly ManagedServer[] {
    const servers = [...this.#tended.values()].map(({ server }) => server)
    return servers.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  server(name: string): ManagedServer {
    return this.#find(name).server
  }

  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async add(body: AddServerBody, actor: string): Promise<ManagedServer> {
    const target = readAddedTarget(body)
    const { name } = body
    if (this.#tended.has(name) || this.#adding.has(name)) {
      throw new ParleyError('conflict', `There is a server "${name}" already.`)
    }
    this.#refuseConfusable(name)
    this.#adding.add(name)
    try {
      const state = body.pending === true ? 'pending' : 'approved'
      const tended = await this.#insert(name, target, { source: 'api', state, actor })
      await tended.reader.read()
      return tended.server
    } finally {
      this.#adding.delete(name)
    }
  }

  async remove(name: string, actor: string): Promise<void> {
    const tended = this.#find(name)
    const { server } = tended
    if (server.row.source === 'file') {
      throw new ParleyError(
        'conflict',
        `"${name}" stands in parley.yaml; take it out there and start the hub again.`,
      )
    }
    await tended.turns.run(async () => {
      const happening = { action: 'server.remove', subject: actor, note: name }
      await this.#changes.commit([this.#rows.deleteServer(server.id)], [happening])
      this.#tended.delete(name)
    })
    this.#announce(server, { tools: true, prompts: true, resources: true })
    await close(tended)
  }

  async approve(name: string, items: readonly ApprovedItem[], actor: string): Promise<ManagedServer> {
    const { server, turns } = this.#find(name)
    return turns.run(async () => {
      const { unit, happenings } = approveDefinitions(this.#rows, server, { items, actor })
      const conflict = 'A definition has changed again since you saw it. Look at it once more.'
      await this.#changes.commit(unit, happenings, conflict)
      if (server.row.state === 'pending') server.row = { ...server.row, state: 'approved', pinned: true }
      server.settle(items.map((item) => definitionKey(item.kind, item.name)))
      this.#adopt(server)
      return server
    })
  }

  async refresh(name: string): Promise<ManagedServer> {
    const { server, reader } = this.#find(name)
    await reader.reconnect()
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#tended.values()].map(close))
  }

  #find(name: string): Tended {
    const tended = this.#tended.get(name)
    if (!tended) throw new ParleyError('not_found', `There is no server "${name}".`)
    return tended
  }

  /**
   * A stored server goes on as it is only where it is still meant: the same target, from the same hand. Otherwise its
   * approvals end with it. One that is declared with another target begins anew and waits for a review, because a
   * file that others can change must not turn a trusted name into another program.
   */
  async #reconcile(row: ServerRow, target: ServerTarget | undefined): Promise<void> {
    const isMeant =
      target === undefined
        ? row.source === 'api'
        : row.source === 'file' && hashTarget(target) === row.targetHash
    if (isMeant) return void this.#tend(this.#prepare(row))
    const note =
      target === undefined
        ? `${row.name} is no longer declared`
        : `${row.name} is declared with another target; its approvals end, and \`parley servers review\` shows what it offers now`
    await this.#changes.commit(
      [this.#rows.deleteServer(row.id)],
      [{ action: 'server.remove', subject: FILE_ACTOR, note }],
    )
  }

  #refuseConfusable(name: string): void {
    const other = findConfusableName(name, [...this.#tended.keys(), ...this.#adding])
    if (other === undefined) return
    throw new ParleyError(
      'conflict',
      `"${name}" is too easily mistaken for the server "${other}"; choose another name.`,
    )
  }

  async #insert(
    name: string,
    target: ServerTarget,
    how: { source: ServerRow['source']; state: ServerRow['state']; actor: string },
  ): Promise<Tended> {
    const { source, state, actor } = how
    const id = this.#options.newId('server')
    const row: ServerRow = { id, name, source, state, target, targetHash: hashTarget(target), pinned: false }
    const statement = this.#rows.insertServer(row, this.#options.clock.now())
    const happening = { action: 'server.add', subject: actor, note: name }
    const tended = this.#prepare(row)
    try {
      await this.#changes.commit([statement], [happening], `There is a server "${name}" already.`)
    } catch (error) {
      await close(tended)
      throw error
    }
    return this.#tend(tended)
  }

  #tend(tended: Tended): Tended {
    this.#tended.set(tended.server.name, tended)
    this.#adopt(tended.server)
    return tended
  }

  #prepare(row: ServerRow): Tended {
    const { clock, connect, log } = this.#options
    const turns = new Turns()
    const upstream = connect(row.name, row.target, (tool) => server.mirrored(tool))
    const server: ManagedServer = new ManagedServer(row, upstream, {
      onSighting: (definition) => {
        const known = server.rows.get(definitionKey(definition.kind, definition.name))
        // What was approved is back: the hub's own reading decides, not what one caller was shown.
        if (known?.approvedHash === definition.hash && !known.gone) reader.notice()
        else sightings.add(definition)
      },
      onHidden: () => this.#announce(server, { tools: true, prompts: true, resources: true }),
    })
    const reader = new ServerReader({
      server,
      clock,
      log,
      take: (reading, startedMicros) => turns.run(() => this.#take(tended, reading, startedMicros)),
    })
    const sightings = new SightingQueue({
      clock,
      take: (seen) => turns.run(() => this.#takeSightings(server, seen)),
      onError: (error) =>
        log('a changed definition could not be stored', {
          server: row.name,
          error: toParleyError(error).message,
        }),
    })
    const tended = { server, reader, sightings, turns }
    return tended
  }

  /**
   * Stores a reading. What callers were shown before it began is stored first, so that the newer word is the last;
   * what they were shown since stays held back, and the server is read once more.
   */
  async #take({ server, sightings, reader }: Tended, reading: Reading, startedMicros: number): Promise<void> {
    await this.#takeSightings(server, sightings.takeBefore(startedMicros))
    const isFirst = server.row.state === 'approved' && !server.row.pinned
    const judged = this.#judge(server, reading.definitions, isFirst ? 'first' : 'all')
    const isOutdated = (verdict: Verdict) =>
      verdict.kind === 'save' &&
      verdict.change === 'returned' &&
      sightings.wasSeenSince(keyOf(verdict), startedMicros)
    const verdicts = judged.filter((verdict) => !isOutdated(verdict))
    if (verdicts.length < judged.length) reader.notice()
    server.suspect(verdicts.filter(hides).map(keyOf))
    const unit = verdicts.flatMap((verdict) => this.#store(server, verdict))
    if (isFirst) unit.unshift(this.#rows.pin(server.id))
    if (unit.length > 0) {
      if (!this.#isTended(server)) return
      await this.#changes.commit(unit, describeVerdicts(server.name, verdicts))
      if (isFirst) server.row = { ...server.row, pinned: true }
    }
    const known = [...server.rows.keys(), ...verdicts.map(keyOf)]
    server.settle(known.filter((key) => !sightings.wasSeenSince(key, startedMicros)))
    this.#adopt(server, reading.resources)
  }

  async #takeSightings(server: ManagedServer, seen: Reading['definitions']): Promise<void> {
    const verdicts = this.#judge(server, seen, 'some')
    if (verdicts.length === 0 || !this.#isTended(server)) return
    const unit = verdicts.flatMap((verdict) => this.#store(server, verdict))
    await this.#changes.commit(unit, describeVerdicts(server.name, verdicts))
    server.settle(verdicts.map(keyOf))
    this.#adopt(server)
  }

  #judge(server: ManagedServer, offered: Reading['definitions'], scope: 'first' | 'all' | 'some'): Verdict[] {
    return judgeDefinitions({
      server: server.name,
      rows: server.rows,
      offered,
      scope,
      approvedNames: (kind) => this.#approvedNames(kind),
      now: this.#options.clock.now(),
    })
  }

  #approvedNames(kind: 'tool' | 'prompt'): OfferedName[] {
    return this.servers().flatMap((server) =>
      server.definitions
        .filter((row) => row.kind === kind && row.approvedHash !== null)
        .map((row) => ({ server: server.name, name: row.name })),
    )
  }

  #store(server: ManagedServer, verdict: Verdict): Statement[] {
    const at = this.#options.clock.now()
    if (verdict.kind === 'gone') return [this.#rows.markGone(server.id, verdict.row, at)]
    if (verdict.kind === 'forget') return this.#rows.forget(server.id, verdict.row)
    const approve = verdict.change === 'approved'
    return this.#rows.saveDefinition(server.id, verdict.definition, { at, approve, reason: verdict.reason })
  }

  #isTended(server: ManagedServer): boolean {
    return this.#tended.get(server.name)?.server === server
  }

  /** Takes the stored state into memory, and tells what callers can see of the difference. */
  #adopt(server: ManagedServer, resources?: Reading['resources']): void {
    const before = server.catalog
    server.refresh(this.#rows.definitions(server.id), resources)
    const after = server.catalog
    this.#announce(server, {
      tools: !sameHashes(before.tools, after.tools),
      prompts: !sameHashes(before.prompts, after.prompts),
      resources:
        !sameHashes(before.templates, after.templates) ||
        (before.resources !== after.resources &&
          JSON.stringify([...before.resources]) !== JSON.stringify([...after.resources])),
    })
  }

  #announce(server: ManagedServer, what: Omit<CatalogChange, 'server'>): void {
    this.version++
    this.#entries = this.servers().filter((one) => one.row.state === 'approved')
    if (server.row.state !== 'approved' || !(what.tools || what.prompts || what.resources)) return
    for (const listener of this.#listeners) listener({ server: server.name, ...what })
  }
}

async function close({ server, reader, sightings }: Tended): Promise<void> {
  await Promise.allSettled([reader.stop(), sightings.close(), server.upstream.close()])
}

function keyOf(verdict: Verdict): string {
  const { kind, name } = verdict.kind === 'save' ? verdict.definition : verdict.row
  return definitionKey(kind, name)
}

/** Whether callers must stop seeing it before the store has it. */
function hides(verdict: Verdict): boolean {
  return verdict.kind !== 'save' || verdict.change === 'changed'
}

function sameHashes(
  before: ReadonlyMap<string, { readonly hash: string }>,
  after: ReadonlyMap<string, { readonly hash: string }>,
): boolean {
  if (before.size !== after.size) return false
  for (const [name, { hash }] of before) if (after.get(name)?.hash !== hash) return false
  return true
}
