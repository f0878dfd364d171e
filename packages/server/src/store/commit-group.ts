import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isStorageError } from './sqlite-error.ts'
import type { NumberedUnit, Row, TextRows, Unit, UnitAnswer, UnitFailure, UnitResult } from './unit.ts'

const MAX_STATEMENTS = 500
/** Rows of one statement; more save nothing. */
const ROWS_AT_ONCE = 32

/**
 * Applies units in one transaction, that is with one fsync, and returns their answers after the commit. Each unit has
 * a savepoint of its own: a conflict or a broken statement takes back that unit alone. When the disk does not take
 * the commit, all of them fail and nothing has changed.
 */
export class CommitGroup {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  apply(group: readonly NumberedUnit[]): UnitAnswer[] {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const answers = group.map(({ id, unit }) => this.#applyUnit(id, unit))
      this.#database.exec('COMMIT')
      return answers
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      // A commit can also fail for the sake of one unit; alone, the others go through.
      if (group.length > 1 && !isStorageError(error)) return group.flatMap((one) => this.apply([one]))
      const failure = describe(error)
      return group.map(({ id }) => ({ id, failure }))
    }
  }

  #applyUnit(id: number, unit: Unit): UnitAnswer {
    this.#database.exec('SAVEPOINT unit')
    try {
      const result = this.#run(unit)
      this.#database.exec(result.kind === 'conflict' ? 'ROLLBACK TO unit; RELEASE unit' : 'RELEASE unit')
      return { id, result }
    } catch (error) {
      // SQLite ends the whole transaction by itself on some errors; then this is the group's failure.
      if (!this.#database.isTransaction || isStorageError(error)) throw error
      this.#database.exec('ROLLBACK TO unit; RELEASE unit')
      return { id, failure: describe(error) }
    }
  }

  #run(unit: Unit): UnitResult {
    const rows: Row[][] = []
    for (const [at, part] of unit.entries()) {
      if ('texts' in part) {
        this.#insertTexts(part)
        rows.push([])
        continue
      }
      const { sql, parameters, expect } = part
      const statement = this.#prepare(sql)
      const returns = statement.columns().length > 0
      const returned = returns ? (statement.all(...parameters) as Row[]) : []
      const changed = returns ? returned.length : Number(statement.run(...parameters).changes)
      if (expect === 'changed' && changed === 0) return { kind: 'conflict', statement: at }
      rows.push(returned)
    }
    return { kind: 'done', rows }
  }

  #insertTexts({ into, column, texts }: TextRows): void {
    const sql = `INSERT INTO ${into} (${column}) VALUES (?)`
    const tail = texts.length % ROWS_AT_ONCE
    if (texts.length > tail) {
      const many = this.#prepare(sql + ', (?)'.repeat(ROWS_AT_ONCE - 1))
      for (let at = 0; at < texts.length - tail; at += ROWS_AT_ONCE)
        many.run(...texts.slice(at, at + ROWS_AT_ONCE))
    }
    const one = this.#prepare(sql)
    for (const text of texts.slice(texts.length - tail)) one.run(text)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function describe(error: unknown): UnitFailure {
  return {
    kind: isStorageError(error) ? 'storage' : 'statement',
    message: error instanceof Error ? error.message : String(error),
  }
}
