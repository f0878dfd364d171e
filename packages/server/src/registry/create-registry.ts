import {
  DEFAULT_CONTENT,
  ParleyError,
  mergeContent,
  toParleyError,
  type AddServerBody,
  type ContentSettings,
} from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import { findConfusableName } from '../config/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import type { CredentialRefused, Upstream } from '../upstream/index.ts'
import type { Vault } from '../vault/index.ts'
import type { CatalogChange, Registry, ServerEntry } from './catalog.ts'
import { Changes } from './changes.ts'
import { DefinitionKeeper } from './definition-keeper.ts'
import { ManagedServer } from './managed-server.ts'
import type { OfferedName } from './name-index.ts'
import { RegistryStore, type ServerRow } from './registry-store.ts'
import type { ApprovedItem } from './review-definitions.ts'
import { ServerReader } from './server-reader.ts'
import { hashTarget, readAddedTarget, type ServerTarget } from './server-target.ts'

/** A server as parley.yaml declares it. */
export interface DeclaredServer {
  readonly name: string
  readonly target: ServerTarget
  /** What the file says of it over the settings for all; the API cannot change it then. */
  readonly content?: OwnContent | undefined
}

/** What the way to a server depends on. */
export type ConnectedServer = Pick<ServerRow, 'id' | 'name' | 'target'>
type OwnContent = Parameters<typeof mergeContent>[1]

export interface RegistryOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly declared: readonly DeclaredServer[]
  /** What is looked for in what servers offer and answer, where one does not say otherwise. */
  readonly content?: ContentSettings
  /**
   * Makes the way to a server; for HTTP this is where the administrator's host and port are let through, and closing
   * the upstream is where that is taken back.
   */
  readonly connect: (server: ConnectedServer, mirrored: ManagedServer['mirrored']) => Upstream
  /** What keeps the OpenAPI document that an administrator sent with a server. */
  readonly keepDocument: (serverId: string, document: Buffer) => Promise<readonly Statement[]>
  /** What people have connected ends with a server. */
  readonly vault?: Pick<Vault, 'countAt' | 'serverEnded' | 'onChange'>
  /** Agents at this hub: no server may be mistaken for one of them (H7). */
  readonly otherNames?: () => readonly string[]
  /** A server cannot be read with what the hub carries in its own name. */
  readonly onRefused?: (server: ManagedServer, error: CredentialRefused) => void
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
  /** Takes another version of the OpenAPI document that came with a server, and reads it; `conflict` for any other. */
  replaceDocument(name: string, document: string, actor: string): Promise<ManagedServer>
  /** Connects again and reads the definitions now. */
  refresh(name: string): Promise<ManagedServer>
  /** Says what is looked for in it; `conflict` where parley.yaml says so. */
  setContent(name: string, content: OwnContent, actor: string): Promise<ManagedServer>
}

interface Tended {
  readonly server: ManagedServer
  readonly reader: ServerReader
  readonly keeper: DefinitionKeeper
}

const FILE_ACTOR = 'parley.yaml'
const EVERYTHING = { tools: true, prompts: true, resources: true }

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
  #unfollow: (() => void) | undefined
  version = 0

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#rows = new RegistryStore(options.store)
    this.#changes = new Changes(options, () => this.version)
  }

  /** Makes the stored servers and the declared ones agree, and begins to connect. */
  async start(): Promise<void> {
    const declared = new Map(this.#options.declared.map((one) => [one.name, one.target]))
    for (const row of this.#rows.servers()) await this.#reconcile(row, declared.get(row.name))
    for (const [name, target] of declared) {
      if (this.#tended.has(name)) continue
      this.#refuseConfusable(name)
      await this.#insert(name, target, { source: 'file', state: 'approved', actor: FILE_ACTOR })
    }
    for (const { reader } of this.#tended.values()) reader.start()
    this.#unfollow = this.#options.vault?.onChange((connection, what) => {
      if (what === 'ended' && connection.person === null) void this.#readerOf(connection.server)?.reconnect()
    })
  }

  /** By the server's id. */
  #readerOf(id: string): ServerReader | undefined {
    return [...this.#tended.values()].find(({ server }) => server.id === id)?.reader
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
      const document = body.openapi?.document
      const tended = await this.#insert(name, target, { source: 'api', state, actor, document })
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
    await tended.keeper.end(async () => {
      const note = `${name}${this.#endingConnections(server.id)}`
      const happening = { action: 'server.remove', subject: actor, note }
      await this.#changes.commit([this.#rows.deleteServer(server.id)], [happening])
      this.#tended.delete(name)
      this.#options.vault?.serverEnded(server.id)
    })
    this.#announce(server, EVERYTHING)
    await close(tended)
  }

  async approve(name: string, items: readonly ApprovedItem[], actor: string): Promise<ManagedServer> {
    const { server, keeper } = this.#find(name)
    await keeper.approve(items, actor)
    return server
  }

  async replaceDocument(name: string, document: string, actor: string): Promise<ManagedServer> {
    const { server, reader } = this.#find(name)
    const { target } = server.row
    if (target.transport !== 'openapi' || !('kept' in target.document)) {
      throw new ParleyError('conflict', `"${name}" has no OpenAPI document that was sent to the hub.`)
    }
    const unit = await this.#options.keepDocument(server.id, Buffer.from(document))
    const note = `${name}: another OpenAPI document was sent`
    await this.#changes.commit(unit, [{ action: 'server.document', subject: actor, note }])
    await reader.reconnect()
    return server
  }

  async refresh(name: string): Promise<ManagedServer> {
    const { server, reader } = this.#find(name)
    await reader.reconnect()
    return server
  }

  async setContent(name: string, content: OwnContent, actor: string): Promise<ManagedServer> {
    const { server, keeper } = this.#find(name)
    if (this.#declaredContent(name))
      throw new ParleyError('conflict', `parley.yaml says what is looked for in "${name}"; change it there.`)
    const own = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined))
    const said = Object.entries(own).map(([setting, value]) => `${setting} ${value}`)
    const note = `${name}: ${said.join(', ') || 'as for all servers'}`
    await this.#changes.commit(
      [this.#rows.setContent(server.id, own)],
      [{ action: 'server.content', subject: actor, note }],
    )
    server.setContent(mergeContent(this.#options.content ?? DEFAULT_CONTENT, own))
    keeper.adopt()
    this.#announce(server, EVERYTHING)
    return server
  }

  #declaredContent(name: string): OwnContent | undefined {
    return this.#options.declared.find((declared) => declared.name === name)?.content
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unfollow?.()
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
    if (target === undefined) {
      const happening = {
        action: 'server.remove',
        subject: FILE_ACTOR,
        note: `${row.name} is no longer declared${this.#endingConnections(row.id)}`,
      }
      await this.#changes.commit([this.#rows.deleteServer(row.id)], [happening])
      this.#options.vault?.serverEnded(row.id)
      return
    }
    const state = row.source === 'file' ? 'pending' : 'approved'
    await this.#insert(row.name, target, { source: 'file', state, actor: FILE_ACTOR, replaces: row })
  }

  #refuseConfusable(name: string): void {
    const servers = [...this.#tended.keys(), ...this.#adding]
    const other = findConfusableName(name, servers)
    const agent =
      other === undefined ? findConfusableName(name, this.#options.otherNames?.() ?? []) : undefined
    if (other === undefined && agent === undefined) return
    const what = other === undefined ? `agent "${agent}"` : `server "${other}"`
    throw new ParleyError(
      'conflict',
      `"${name}" is too easily mistaken for the ${what}; choose another name.`,
    )
  }

  /** One unit: a stop between the end of a server's approvals and its new beginning must not make it a new server. */
  async #insert(
    name: string,
    target: ServerTarget,
    how: Pick<ServerRow, 'source' | 'state'> & {
      readonly actor: string
      readonly replaces?: ServerRow
      readonly document?: string | undefined
    },
  ): Promise<Tended> {
    const { source, state, actor, replaces } = how
    const id = this.#options.newId('server')
    const row: ServerRow = { id, name, source, state, target, targetHash: hashTarget(target), pinned: false }
    const unit = [this.#rows.insertServer(row, this.#options.clock.now())]
    if (how.document !== undefined)
      unit.push(...(await this.#options.keepDocument(id, Buffer.from(how.document))))
    const happenings = [{ action: 'server.add', subject: actor, note: name }]
    if (replaces) {
      const note = `${name} is declared with another target; its approvals end, and \`parley servers review\` shows what it offers now${this.#endingConnections(replaces.id)}`
      unit.unshift(this.#rows.deleteServer(replaces.id))
      happenings.unshift({ action: 'server.remove', subject: actor, note })
    }
    const tended = this.#prepare(row)
    try {
      await this.#changes.commit(unit, happenings, `There is a server "${name}" already.`)
    } catch (error) {
      await close(tended)
      throw error
    }
    if (replaces) this.#options.vault?.serverEnded(replaces.id)
    return this.#tend(tended)
  }

  /** The database ends them with the server, in the same unit: a secret is for one address (G11). */
  #endingConnections(server: string): string {
    const count = this.#options.vault?.countAt(server) ?? 0
    return count === 0 ? '' : `; connections to it that end: ${count}`
  }

  #tend(tended: Tended): Tended {
    this.#tended.set(tended.server.name, tended)
    tended.keeper.adopt()
    return tended
  }

  #prepare(row: ServerRow): Tended {
    const { clock, connect, log } = this.#options
    const upstream = connect(row, (tool) => server.mirrored(tool))
    const server: ManagedServer = new ManagedServer(row, upstream, {
      onSighting: (definition) => keeper.sight(definition),
      onHidden: () => this.#announce(server, EVERYTHING),
    })
    const own = this.#declaredContent(row.name) ?? this.#rows.contentOf(row.id) ?? {}
    server.setContent(mergeContent(this.#options.content ?? DEFAULT_CONTENT, own))
    const keeper = new DefinitionKeeper({
      server,
      rows: this.#rows,
      changes: this.#changes,
      clock,
      approvedNames: (kind) => this.#approvedNames(kind),
      onChange: (what) => this.#announce(server, what),
      onDoubt: () => reader.notice(),
      onError: (error) =>
        log('a changed definition could not be stored', {
          server: row.name,
          error: toParleyError(error).message,
        }),
    })
    const reader = new ServerReader({
      server,
      onRefused: (error) => this.#options.onRefused?.(server, error),
      clock,
      log,
      take: (reading, startedMicros) => keeper.takeReading(reading, startedMicros),
    })
    return { server, reader, keeper }
  }

  #approvedNames(kind: 'tool' | 'prompt'): OfferedName[] {
    return this.servers().flatMap((server) =>
      server.definitions
        .filter((row) => row.kind === kind && row.approvedHash !== null)
        .map((row) => ({ server: server.name, name: row.name })),
    )
  }

  #announce(server: ManagedServer, what: Omit<CatalogChange, 'server'>): void {
    this.version++
    this.#entries = this.servers().filter((one) => one.row.state === 'approved')
    if (server.row.state !== 'approved' || !(what.tools || what.prompts || what.resources)) return
    for (const listener of this.#listeners) listener({ server: server.name, ...what })
  }
}

async function close({ server, reader, keeper }: Tended): Promise<void> {
  await Promise.allSettled([reader.stop(), keeper.close(), server.upstream.close()])
}
