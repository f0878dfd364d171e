import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { backUp } from './back-up.ts'
import type { Store, StoreStatus } from './store.ts'
import type { Row, SqlValue, Unit, UnitResult } from './unit.ts'
import type { Writer } from './writer.ts'

const MAX_STATEMENTS = 500

/** Over one connection that only reads and the thread that alone writes. */
export class SqliteStore implements Store {
  readonly #file: string
  readonly #reader: DatabaseSync
  readonly #writer: Writer
  readonly #unlock: () => void
  readonly #statements = new Map<string, StatementSync>()
  #closing: Promise<void> | undefined

  constructor(parts: { file: string; reader: DatabaseSync; writer: Writer; unlock: () => void }) {
    this.#file = parts.file
    this.#reader = parts.reader
    this.#writer = parts.writer
    this.#unlock = parts.unlock
  }

  submit(unit: Unit): Promise<UnitResult> {
    return this.#writer.submit(unit)
  }

  all(sql: string, ...parameters: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[]
  }

  get(sql: string, ...parameters: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined
  }

  backup(file: string): Promise<number> {
    return backUp(this.#file, file)
  }

  status(): StoreStatus {
    const { settings, writable, waitingUnits } = this.#writer
    return { ...settings, writable, waitingUnits }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The reader goes first: the last connection to close folds the log into the database. */
  async #close(): Promise<void> {
    this.#statements.clear()
    this.#reader.close()
    try {
      await this.#writer.close()
    } finally {
      this.#unlock()
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
      statement = this.#reader.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
