import { ParleyError } from '@parley/contract'
import { recordOf } from '../activity/index.ts'
import type { SqlValue, Statement } from '../store/index.ts'
import { headerOf, type Sealer } from './create-sealer.ts'
import type { KeyRing } from './key-ring.ts'
import { MAX_KEYS, type KeySource } from './key-source.ts'
import { KEY_BYTES, toMasterKey, type MasterKey } from './master-key.ts'
import type { SealingTools } from './open-sealing.ts'
import type { SealedColumn } from './sealed-column.ts'
import { CHECK_PLACE, type SealedRow, type SealedStore } from './sealed-store.ts'

/** Secrets that are sealed anew in one unit: a few milliseconds. */
const BATCH = 200
/** What was sealed while the key changed is found by another pass. */
const MAX_PASSES = 10

export interface MasterKeyView {
  /** A name of the key that seals; not the key. */
  readonly current: string
  /** Keys before it that are still there. */
  readonly old: readonly string[]
  readonly rotation: {
    readonly startedAt: number
    readonly total: number | null
    readonly remaining: number
    /** Those that no key opens. */
    readonly failed: number
  } | null
}

interface Tools extends SealingTools {
  readonly ring: KeyRing
  readonly rows: SealedStore
  readonly sealer: Sealer
  readonly source: KeySource
}

/**
 * The keys that everything is sealed under, and their rotation: the data keys are wrapped anew, a few in each unit,
 * while all else goes on. A stop at any point is taken up by the next start.
 */
export class MasterKeys implements AsyncDisposable {
  readonly #tools: Tools
  #columns: readonly SealedColumn[] = []
  #running: Promise<void> | undefined
  #isStopping = false
  #isChanging = false
  #failed = 0

  constructor(tools: Tools) {
    this.#tools = tools
  }

  /** To be called once, with every column that holds something sealed: goes on with what was begun. */
  start(columns: readonly SealedColumn[]): void {
    this.#columns = columns
    if (this.#tools.rows.rotation()) this.#run()
  }

  view(): MasterKeyView {
    const { ring, rows } = this.#tools
    const rotation = rows.rotation()
    return {
      current: ring.current.name,
      old: ring.others.map(({ name }) => name),
      rotation: rotation
        ? {
            startedAt: rotation.startedAt,
            total: rotation.total,
            remaining: this.#remaining(),
            failed: this.#failed,
          }
        : null,
    }
  }

  /** Takes a new key: the one that now stands first at its source, or a fresh one where the hub keeps the file. */
  async rotate(by: string): Promise<void> {
    if (this.#isChanging) throw new ParleyError('conflict', 'Someone else is changing the master key.')
    this.#isChanging = true
    try {
      await this.#rotate(by)
    } finally {
      this.#isChanging = false
    }
  }

  async #rotate(by: string): Promise<void> {
    const { ring, rows, source, random } = this.#tools
    if (rows.rotation())
      throw new ParleyError('conflict', 'A rotation is under way; `parley keys` shows how far it is.')
    const kept = await source.read()
    if (kept && kept[0].name !== ring.current.name) return this.#adopt(kept, by)
    if (!source.write)
      throw new ParleyError(
        'conflict',
        `${source.name} still gives the same key: put a new one before it, and leave the old one behind.`,
      )
    if (source.bytes.length >= MAX_KEYS)
      throw new ParleyError('conflict', 'There are too many old keys; first `parley keys forget-master`.')
    const bytes = random.bytes(KEY_BYTES)
    // The key is on disk before anything is sealed under it.
    source.write([bytes, ...source.bytes])
    ring.promote(toMasterKey(bytes))
    await this.begin(by)
    this.#run()
  }

  /** Throws away the old keys; a backup from before the rotation then opens no more. */
  async forget(by: string): Promise<void> {
    const { ring, rows, source, store } = this.#tools
    const remaining = this.#remaining()
    if (rows.rotation() || remaining > this.#failed) {
      this.#run()
      throw new ParleyError(
        'conflict',
        `${remaining} secrets are still sealed under old keys; try again later.`,
      )
    }
    if (ring.others.length === 0) throw new ParleyError('conflict', 'There is no old key.')
    if (!source.write)
      throw new ParleyError('conflict', `Nothing needs the old key any more: take it out of ${source.name}.`)
    const names = ring.others.map(({ name }) => name).join(', ')
    await store.submit([this.#record('key.forget-master', by, `${names} opens nothing any more`)])
    ring.forgetOthers()
    source.write(source.bytes.slice(0, 1))
  }

  /** The first key of the ring seals from now on; what was sealed before waits for `start`. */
  async begin(by: string): Promise<void> {
    const { ring, rows, sealer, store, clock } = this.#tools
    const from = ring.others.map(({ name }) => name)
    const total = this.#columns.length === 0 ? null : this.#remaining()
    await store.submit([
      rows.setCheck(sealer.seal(CHECK_PLACE.id, CHECK_PLACE)),
      rows.setRotation({ from, startedAt: clock.now(), total }),
      this.#record('key.rotate-master', by, `${ring.current.name} seals, no more ${from.join(', ')}`),
    ])
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async #adopt(kept: readonly [MasterKey, ...MasterKey[]], by: string): Promise<void> {
    const { ring, source } = this.#tools
    if (!kept.some(({ name }) => name === ring.current.name))
      throw new ParleyError(
        'conflict',
        `${source.name} gives a new key without the old one: leave that behind it until the rotation is done.`,
      )
    ring.promote(kept[0])
    await this.begin(by)
    this.#run()
  }

  #remaining(): number {
    return this.#tools.rows.count(this.#columns, headerOf(this.#tools.ring.current))
  }

  #run(): void {
    this.#running ??= this.#rewrapAll()
      .catch((error: unknown) =>
        this.#tools.log('the rotation of the master key stopped', { error: String(error) }),
      )
      .finally(() => (this.#running = undefined))
  }

  async #rewrapAll(): Promise<void> {
    const { rows, store, ring } = this.#tools
    for (let pass = 0; pass < MAX_PASSES && !this.#isStopping; pass++) {
      this.#failed = 0
      for (const column of this.#columns) await this.#rewrapColumn(column)
      if (this.#remaining() > this.#failed) continue
      if (!rows.rotation() || this.#isStopping) return
      const note = `all is sealed under ${ring.current.name}; ${this.#failed} could not be opened`
      await store.submit([rows.endRotation(), this.#record('key.master-rotated', 'hub', note)])
      return
    }
  }

  async #rewrapColumn(column: SealedColumn): Promise<void> {
    const { rows, store, ring } = this.#tools
    let after: SqlValue = ''
    while (!this.#isStopping) {
      const page = rows.page(column, headerOf(ring.current), { after, limit: column.batch ?? BATCH })
      if (page.length === 0) return
      const unit = page.flatMap((row) => this.#rewrap(column, row))
      if (unit.length > 0) await store.submit(unit)
      after = page.at(-1)!.key
    }
  }

  #rewrap(column: SealedColumn, row: SealedRow): Statement[] {
    const { rows, sealer, log } = this.#tools
    const place = { table: column.table, column: column.column, id: row.place }
    try {
      return [rows.replace(column, row, sealer.rewrap(row.sealed, place))]
    } catch {
      this.#failed++
      log('a secret cannot be opened with any key', { table: column.table, key: String(row.key) })
      return []
    }
  }

  #record(action: string, by: string, note: string): Statement {
    const happening = { action, subject: by, policies: ['builtin:administrator'], note }
    return this.#tools.activity.statement(recordOf(this.#tools, happening))
  }
}
