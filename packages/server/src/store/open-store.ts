import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, backup, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { ParleyError } from '@parley/contract'
import { configureConnection } from './configure-connection.ts'
import { lockDirectory } from './lock-directory.ts'
import { migrate } from './migrate.ts'
import type { Row, SqlValue, Unit, UnitResult, WriterAnswer, WriterMessage } from './unit.ts'

export const DATABASE_FILE = 'parley.db'
const MAX_WAITING_UNITS = 10_000
const MIN_SQLITE = [3, 51, 3]

export interface StoreStatus {
  readonly journalMode: string
  readonly synchronous: string
  readonly sqliteVersion: string
  readonly writable: boolean
  readonly waitingUnits: number
}

/** The hub's database: reads here and now, writes as units on a thread of their own. */
export interface Store extends AsyncDisposable {
  /**
   * Applies a unit; resolves once it is on disk. Rejects with `storage_full` (the hub goes on, reads work, and writing
   * works again when there is space), or `unavailable` when too many units wait.
   */
  submit(unit: Unit): Promise<UnitResult>
  all(sql: string, ...parameters: SqlValue[]): Row[]
  get(sql: string, ...parameters: SqlValue[]): Row | undefined
  /** Copies the database, as of now, into a new file while the hub goes on. */
  backup(file: string): Promise<number>
  status(): StoreStatus
}

/** Opens or makes the database in `dataDir` (0700), alone: a second process is refused. */
export async function openStore(dataDir: string): Promise<Store> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  chmodSync(dataDir, 0o700)
  const unlock = lockDirectory(dataDir)
  try {
    const file = join(dataDir, DATABASE_FILE)
    const reader = new DatabaseSync(file)
    configureConnection(reader)
    refuseOldSqlite(reader)
    const check = reader.prepare('PRAGMA quick_check(1)').get()
    if (check?.['quick_check'] !== 'ok')
      throw new ParleyError('internal', `${file} is damaged. Restore a backup with \`parley restore\`.`)
    migrate(reader)
    chmodSync(file, 0o600)
    reader.exec('PRAGMA query_only = ON')
    return new SqliteStore(file, reader, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

class SqliteStore implements Store {
  readonly #reader: DatabaseSync
  readonly #unlock: () => void
  readonly #writer: Worker
  readonly #statements = new Map<string, StatementSync>()
  #waiting = new Map<number, { resolve: (result: UnitResult) => void; reject: (error: Error) => void }>()
  #lastId = 0
  #writable = true
  #closed = false

  constructor(file: string, reader: DatabaseSync, unlock: () => void) {
    this.#reader = reader
    this.#unlock = unlock
    this.#writer = new Worker(writerUrl(), { workerData: { file }, execArgv: [] })
    this.#writer.on('message', (answer: WriterAnswer) => this.#answer(answer))
    this.#writer.on('error', (error) => this.#fail(error))
  }

  submit(unit: Unit): Promise<UnitResult> {
    if (this.#closed) return Promise.reject(new ParleyError('unavailable', 'The hub is stopping.'))
    if (this.#waiting.size >= MAX_WAITING_UNITS)
      return Promise.reject(new ParleyError('unavailable', 'Too many writes are waiting; try again.'))
    return this.#post({ kind: 'unit', id: ++this.#lastId, unit })
  }

  all(sql: string, ...parameters: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[]
  }

  get(sql: string, ...parameters: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined
  }

  async backup(file: string): Promise<number> {
    await backup(this.#reader, file)
    chmodSync(file, 0o600)
    return statSync(file).size
  }

  status(): StoreStatus {
    return {
      journalMode: String(this.get('PRAGMA journal_mode')?.['journal_mode']),
      synchronous: this.get('PRAGMA synchronous')?.['synchronous'] === 2 ? 'FULL' : 'other',
      sqliteVersion: String(this.get('SELECT sqlite_version() AS version')?.['version']),
      writable: this.#writable,
      waitingUnits: this.#waiting.size,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#post({ kind: 'close', id: ++this.#lastId })
    this.#reader.close()
    this.#unlock()
  }

  #post(message: WriterMessage): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { resolve, reject })
      this.#writer.postMessage(message)
    })
  }

  #answer(answer: WriterAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('result' in answer) {
      this.#writable = true
      waiting?.resolve(answer.result)
      return
    }
    const { full, message } = answer.failure
    if (full) this.#writable = false
    const error = full
      ? new ParleyError('storage_full', 'The disk of the hub is full; nothing was changed.', {
          detail: message,
        })
      : new ParleyError('internal', 'The change could not be stored.', { detail: message })
    waiting?.reject(error)
  }

  #fail(cause: unknown): void {
    this.#closed = true
    const error = new ParleyError('internal', 'The writer of the hub has stopped.', { cause })
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#reader.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Beside this file, as source or built. */
function writerUrl(): URL {
  return new URL(
    import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js',
    import.meta.url,
  )
}

/** Before 3.51.3 a WAL reset could corrupt a database with two connections. */
function refuseOldSqlite(database: DatabaseSync): void {
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  const parts = version.split('.').map(Number)
  const differing = MIN_SQLITE.findIndex((wanted, at) => parts[at] !== wanted)
  if (differing >= 0 && (parts[differing] ?? 0) < MIN_SQLITE[differing]!) {
    throw new ParleyError(
      'internal',
      `SQLite ${version} is too old; Parley needs ${MIN_SQLITE.join('.')}, which Node 24 brings.`,
    )
  }
}
