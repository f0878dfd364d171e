import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isStorageError } from './sqlite-error.ts'
import type { NumberedUnit, Row, TextRows, Unit, UnitAnswer, UnitFailure, UnitResult } from './unit.ts'

const MAX_STATEMENTS = 500
/** Rows of one statement; more save nothing. */
const ROWS_AT_ONCE = 32

interface Prepared {
  readonly statement: StatementSync
  /** Whether it answers rows. */
  readonly returns: boolean
}

/**
 * Applies units in one transaction, that is with one fsync, and returns their answers after the commit. Each unit has
 * a savepoint of its own: a conflict or a broken statement takes back that unit alone. When the disk does not take
 * the commit, all of them fail and nothing has changed.
 */
export class CommitGroup {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, Prepared>()
  readonly #steps: Readonly<Record<'begin' | 'commit' | 'enter' | 'leave', StatementSync>>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#steps = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      enter: database.prepare('SAVEPOINT unit'),
      leave: database.prepare('RELEASE unit'),
    }
  }

  apply(group: readonly NumberedUnit[]): UnitAnswer[] {
    try {
      this.#steps.begin.run()
      const answers = group.map(({ id, unit }) => this.#applyUnit(id, unit))
      this.#steps.commit.run()
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
    this.#steps.enter.run()
    try {
      const result = this.#run(unit)
      if (result.kind === 'conflict') this.#database.exec('ROLLBACK TO unit; RELEASE unit')
      else this.#steps.leave.run()
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
      const { statement, returns } = this.#prepare(sql)
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
      const { statement: many } = this.#prepare(sql + ', (?)'.repeat(ROWS_AT_ONCE - 1))
      for (let at = 0; at < texts.length - tail; at += ROWS_AT_ONCE)
        many.run(...texts.slice(at, at + ROWS_AT_ONCE))
    }
    const { statement: one } = this.#prepare(sql)
    for (const text of texts.slice(texts.length - tail)) one.run(text)
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#statements.get(sql)
    if (!prepared) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
      const statement = this.#database.prepare(sql)
      prepared = { statement, returns: statement.columns().length > 0 }
      this.#statements.set(sql, prepared)
    }
    return prepared
  }
}

function describe(error: unknown): UnitFailure {
  return {
    kind: isStorageError(error) ? 'storage' : 'statement',
    message: error instanceof Error ? error.message : String(error),
  }
}
