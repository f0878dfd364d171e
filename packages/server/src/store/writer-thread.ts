import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { configureConnection } from './configure-connection.ts'
import type { Row, Unit, UnitResult, WriterAnswer, WriterMessage } from './unit.ts'

/**
 * The only connection that writes. Units that wait are committed together: one fsync for all of them, and each in a
 * savepoint of its own, so that a conflict takes nothing but its unit with it. An answer is sent after the commit.
 */
const port = parentPort!
const database = new DatabaseSync((workerData as { file: string }).file)
configureConnection(database)
const statements = new Map<string, StatementSync>()
const MAX_STATEMENTS = 500
const MAX_GROUP = 512

let waiting: Extract<WriterMessage, { kind: 'unit' }>[] = []
let scheduled = false

port.on('message', (message: WriterMessage) => {
  if (message.kind === 'close') {
    flush()
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    database.close()
    port.postMessage({ id: message.id, result: { kind: 'done', rows: [] } } satisfies WriterAnswer)
    port.close()
    return
  }
  waiting.push(message)
  if (scheduled) return
  scheduled = true
  setImmediate(flush)
})

function flush(): void {
  scheduled = false
  while (waiting.length > 0) {
    const group = waiting.slice(0, MAX_GROUP)
    waiting = waiting.slice(MAX_GROUP)
    commit(group)
  }
}

function commit(group: readonly Extract<WriterMessage, { kind: 'unit' }>[]): void {
  const answers: WriterAnswer[] = []
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const { id, unit } of group) answers.push({ id, result: runUnit(unit) })
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    if (group.length > 1) {
      // One bad unit must not fail the others: each gets a commit of its own.
      for (const one of group) commit([one])
      return
    }
    const failure = describe(error)
    for (const { id } of group) port.postMessage({ id, failure } satisfies WriterAnswer)
    return
  }
  for (const answer of answers) port.postMessage(answer)
}

function runUnit(unit: Unit): UnitResult {
  database.exec('SAVEPOINT unit')
  const rows: Row[][] = []
  for (const [at, { sql, parameters, expect }] of unit.entries()) {
    const statement = prepare(sql)
    const isQuery = statement.columns().length > 0
    const returned = isQuery ? (statement.all(...parameters) as Row[]) : []
    const changed = isQuery ? returned.length : Number(statement.run(...parameters).changes)
    if (expect === 'changed' && changed === 0) {
      database.exec('ROLLBACK TO unit; RELEASE unit')
      return { kind: 'conflict', statement: at }
    }
    rows.push(returned)
  }
  database.exec('RELEASE unit')
  return { kind: 'done', rows }
}

function prepare(sql: string): StatementSync {
  let statement = statements.get(sql)
  if (!statement) {
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    statement = database.prepare(sql)
    statements.set(sql, statement)
  }
  return statement
}

const SQLITE_FULL = 13
const SQLITE_IOERR = 10

function describe(error: unknown): { full: boolean; message: string } {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
  return {
    full: code === SQLITE_FULL || code === SQLITE_IOERR,
    message: error instanceof Error ? error.message : 'unknown',
  }
}
