import { ParleyError, type ConnectionId, type PersonId } from '@parley/contract'
import { recordOf, type Activity, type Happening } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Statement, Store } from '../store/index.ts'
import { stateOf, type Connection, type ConnectionSecret, type OwnerRule } from './connection.ts'
import { ConnectionBook } from './connection-book.ts'
import { ConnectionStore, TO_SERVERS, type ConnectionTables } from './connection-store.ts'
import { OpenedSecrets } from './opened-secrets.ts'
import type { Actor, Carry, ConnectionChange, NewConnection, RenewConnection, Use, Vault } from './vault.ts'

export interface VaultTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly sealer: Pick<Sealer, 'seal' | 'open'>
  /** Whose connections: those to servers by default. */
  readonly tables?: ConnectionTables
  /** Without it nothing is renewed. */
  readonly renew?: RenewConnection
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

/** So long before its end a connection is renewed. */
const AHEAD_MS = 60_000
/** How exactly it is kept when a connection was last used. */
const TOUCH_MS = 10 * 60_000
const ACTIONS = {
  added: 'connection.add',
  replaced: 'connection.replace',
  renewed: 'connection.renew',
} as const
const HUB: Actor = { subject: 'hub' }

export function createVault(tools: VaultTools): Vault {
  return new SealedVault(tools)
}

class SealedVault implements Vault {
  readonly #tools: VaultTools
  readonly #rows: ConnectionStore
  readonly #book: ConnectionBook
  readonly #opened: OpenedSecrets
  readonly #renewing = new Map<ConnectionId, Promise<Connection>>()
  readonly #touchedAt = new Map<ConnectionId, number>()
  readonly #listeners = new Set<Parameters<Vault['onChange']>[0]>()

  constructor(tools: VaultTools) {
    this.#tools = tools
    this.#rows = new ConnectionStore(tools.store, tools.tables ?? TO_SERVERS)
    this.#book = new ConnectionBook(this.#rows)
    this.#opened = new OpenedSecrets(this.#rows, tools.sealer)
  }

  knows(server: string): boolean {
    return this.#book.at(server) !== undefined
  }

  use(server: string, person: PersonId | undefined): Use | undefined | Promise<Use | undefined> {
    const known = this.#book.at(server)
    if (!known) return undefined
    const { rule, shared, own } = known
    const personal = person === undefined || rule === 'shared' ? undefined : own.get(person)
    const connection = personal ?? (rule === 'own' ? undefined : shared)
    if (connection) return this.#ready(connection)
    return rule === 'own' ? { kind: 'needed', why: 'none', person } : undefined
  }

  shared(server: string): Carry | undefined {
    const connection = this.#book.at(server)?.shared
    if (!connection) return undefined
    // The hub reads from time to time and comes back by itself: it need not wait for the new secret.
    if (this.#isDue(connection)) void this.renew(connection.id).catch(() => undefined)
    return this.#carry(connection)
  }

  find(id: ConnectionId): Connection | undefined {
    return this.#book.find(id)
  }

  list(): readonly Connection[] {
    return this.#book.list()
  }

  of(server: string, owner: PersonId | null): Connection | undefined {
    const known = this.#book.at(server)
    return owner === null ? known?.shared : known?.own.get(owner)
  }

  rule(server: string): OwnerRule {
    return this.#book.at(server)?.rule ?? 'either'
  }

  open(id: ConnectionId): ConnectionSecret | undefined {
    return this.#book.find(id) && this.#opened.get(id).secret
  }

  async save(wanted: NewConnection, by: Actor): Promise<Connection> {
    const { newId, clock } = this.#tools
    const { secret, ...rest } = wanted
    const before = this.of(wanted.server, wanted.person)
    const now = clock.now()
    const connection: Connection = {
      ...rest,
      id: before?.id ?? newId('connection'),
      state: 'connected',
      version: (before?.version ?? 0) + 1,
      createdAt: before?.createdAt ?? now,
      createdBy: before?.createdBy ?? by.subject,
      usedAt: before?.usedAt ?? null,
    }
    return this.#write(connection, secret, { by, what: before ? 'replaced' : 'added' })
  }

  renew(id: ConnectionId): Promise<Connection> {
    const running = this.#renewing.get(id)
    if (running) return running
    const renewing = this.#renewOnce(id).finally(() => this.#renewing.delete(id))
    this.#renewing.set(id, renewing)
    return renewing
  }

  async fail({ id, version }: Pick<Connection, 'id' | 'version'>, reason: string): Promise<void> {
    const known = this.#book.find(id)
    if (known?.version !== version || known.state === 'reconnect') return
    const { store } = this.#tools
    const record = this.#record(known, { action: 'connection.fail', by: HUB, note: reason.slice(0, 200) })
    const result = await store.submit([this.#rows.fail({ id, version }), record])
    if (result.kind === 'done') this.#settle(id, 'failed')
  }

  async remove(id: ConnectionId, by: Actor): Promise<void> {
    const connection = this.#book.find(id)
    if (!connection) throw new ParleyError('not_found', 'There is no such connection.')
    const record = this.#record(connection, { action: 'connection.remove', by, note: ownerWords(connection) })
    await this.#commit([this.#rows.remove(id), record])
    this.#settle(id, 'ended', connection)
  }

  async setRule(server: string, rule: OwnerRule, by: Actor): Promise<void> {
    const { activity } = this.#tools
    const note = `${server}: ${rule}`
    const happening = { action: 'connection.rule', subject: by.subject, note }
    await this.#commit([
      this.#rows.setRule(server, rule),
      activity.statement(recordOf(this.#tools, happening)),
    ])
    this.#book.setRule(server, rule)
  }

  onChange(listener: Parameters<Vault['onChange']>[0]): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  countAt(server: string): number {
    return this.#book.of(server).length
  }

  serverEnded(server: string): void {
    for (const connection of this.#book.dropServer(server)) this.#forget(connection)
  }

  personEnded(person: PersonId): void {
    for (const connection of this.#book.list()) {
      if (connection.person !== person || this.#rows.one(connection.id)) continue
      this.#book.drop(connection)
      this.#forget(connection)
    }
  }

  #ready(connection: Connection): Use | Promise<Use> {
    const { id, person } = connection
    const state = stateOf(connection, this.#tools.clock.now())
    if (state === 'reconnect') return { kind: 'needed', why: 'reconnect', person: person ?? undefined }
    if (!this.#isDue(connection)) return this.#carry(connection)
    return this.renew(id).then(
      () => this.#afterRenewal(id),
      (error: unknown) => this.#afterRenewal(id, error),
    )
  }

  /** A connection that could not be renewed just now serves as long as it lasts. */
  #afterRenewal(id: ConnectionId, error?: unknown): Use {
    const connection = this.#book.find(id)
    if (!connection) throw new ParleyError('forbidden', 'The connection to this server has ended.')
    if (connection.state === 'reconnect')
      return { kind: 'needed', why: 'reconnect', person: connection.person ?? undefined }
    const isOver = connection.expiresAt !== null && connection.expiresAt <= this.#tools.clock.now()
    if (error !== undefined && isOver)
      throw new ParleyError('upstream_unavailable', 'The connection to this server cannot be renewed now.', {
        cause: error,
      })
    return this.#carry(connection)
  }

  #isDue({ renews, expiresAt, state }: Connection): boolean {
    if (!renews || expiresAt === null || state !== 'connected' || !this.#tools.renew) return false
    return expiresAt - this.#tools.clock.now() < AHEAD_MS
  }

  #carry(connection: Connection): Carry {
    this.#touch(connection)
    const { id } = connection
    return {
      kind: 'carry',
      connection,
      headers: () => this.#opened.get(id).secret.headers,
      lines: () => this.#opened.get(id).lines,
    }
  }

  #touch({ id, usedAt }: Connection): void {
    const now = this.#tools.clock.now()
    if (now - (this.#touchedAt.get(id) ?? usedAt ?? 0) < TOUCH_MS) return
    this.#touchedAt.set(id, now)
    this.#tools.store.submit([this.#rows.touch(id, now)]).then(
      () => {
        const known = this.#book.find(id)
        if (known) this.#book.keep(Object.freeze({ ...known, usedAt: now }))
      },
      (error: unknown) => this.#tools.log('the use of a connection was not kept', { error: String(error) }),
    )
  }

  async #renewOnce(id: ConnectionId): Promise<Connection> {
    const connection = this.#book.find(id)
    const { renew } = this.#tools
    if (!connection?.renews || !renew)
      throw new ParleyError('conflict', 'This connection cannot be renewed; connect again.')
    const renewal = await renew(connection, this.#opened.get(id).secret)
    if (renewal.kind === 'refused') {
      await this.fail(connection, renewal.reason)
      return this.#book.find(id) ?? connection
    }
    const { secret, expiresAt, renews } = renewal
    const next: Connection = { ...connection, version: connection.version + 1, expiresAt, renews }
    return this.#write(next, secret, { by: HUB, what: 'renewed' })
  }

  async #write(
    connection: Connection,
    secret: ConnectionSecret,
    { by, what }: { by: Actor; what: 'added' | 'replaced' | 'renewed' },
  ): Promise<Connection> {
    const sealed = this.#tools.sealer.seal(JSON.stringify(secret), this.#rows.placeOf(connection))
    const { id, kind } = connection
    const change =
      what === 'added' ? this.#rows.insert(connection, sealed) : this.#rows.replace(connection, sealed)
    const note = `${ownerWords(connection)}, ${kind}: ${Object.keys(secret.headers).join(', ')}`
    await this.#commit([change, this.#record(connection, { action: ACTIONS[what], by, note })])
    return this.#settle(id, what) ?? connection
  }

  async #commit(unit: readonly Statement[]): Promise<void> {
    const result = await this.#tools.store.submit(unit)
    if (result.kind === 'conflict')
      throw new ParleyError('conflict', 'The connection or its server was changed at the same moment.')
  }

  /** Memory takes what is on disk now: another change may have been told of before this one. */
  #settle(id: ConnectionId, what: ConnectionChange, ended?: Connection): Connection | undefined {
    const row = this.#rows.one(id)
    if (ended) this.#book.drop(ended)
    if (row) this.#book.keep(row)
    this.#opened.forget(id)
    const connection = row ?? ended
    if (connection) this.#tell(connection, what)
    return row
  }

  #forget(connection: Connection): void {
    this.#opened.forget(connection.id)
    this.#touchedAt.delete(connection.id)
    this.#tell(connection, 'ended')
  }

  #tell(connection: Connection, what: ConnectionChange): void {
    if (what === 'ended') this.#touchedAt.delete(connection.id)
    for (const listener of this.#listeners) listener(connection, what)
  }

  #record(connection: Connection, what: { action: string; by: Actor; note: string }): Statement {
    const { person } = connection
    const happening: Happening = {
      action: what.action,
      subject: what.by.subject,
      ...(person !== null && { person }),
      policies: ['builtin:connections'],
      note: `${connection.id} at ${connection.server}: ${what.note}`,
    }
    return this.#tools.activity.statement(recordOf(this.#tools, happening))
  }
}

function ownerWords({ person }: Connection): string {
  return person === null ? 'shared' : 'own'
}
