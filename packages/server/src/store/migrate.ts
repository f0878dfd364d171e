import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ParleyError } from '@parley/contract'

export const MIGRATIONS = join(import.meta.dirname, 'migrations', 'sqlite')

/** Marks a migration that takes away what the version before still uses: that version may not start after it. */
const CONTRACTING = /\.contract\.sql$/

/** The way back of a migration, beside it. Nothing runs it by itself: it gives up data, and the copy made before does not. */
const WAY_BACK = /\.down\.sql$/

interface Migration {
  readonly name: string
  readonly sql: string
  readonly hash: string
}

/**
 * Brings the schema up to date: numbered `.sql` files, each once and in one transaction with its own record. Calls
 * `beforeFirst` before it changes a database that holds something already. The caller has the directory to itself.
 */
export function migrate(
  database: DatabaseSync,
  directory: string,
  beforeFirst: (next: string) => void,
): void {
  const pending = pendingMigrations(database, directory)
  const [first] = pending
  if (!first) return
  if (hasMigrations(database)) beforeFirst(first.name)
  for (const { name, sql, hash } of pending) {
    database.exec('BEGIN EXCLUSIVE')
    try {
      database.exec(
        'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT',
      )
      database.exec(sql)
      database.prepare('INSERT INTO migrations (name, hash) VALUES (?, ?)').run(name, hash)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw new ParleyError('internal', `Migration ${name} failed; the database is as it was before it.`, {
        cause: error,
      })
    }
  }
}

/**
 * What this version would still apply. Throws `conflict` for a database that it must not touch: a migration that was
 * changed after it ran, or one of a later version that this one cannot live with.
 */
export function pendingMigrations(database: DatabaseSync, directory: string): Migration[] {
  const files = readMigrations(directory)
  const applied = readApplied(database)
  for (const [name, hash] of applied) {
    const file = files.find((one) => one.name === name)
    if (file && file.hash !== hash) {
      throw new ParleyError('conflict', `Migration ${name} was changed after it ran on this database.`)
    }
    if (!file && CONTRACTING.test(name)) {
      throw new ParleyError(
        'conflict',
        `The database belongs to a newer Parley (${name}). Start that version.`,
      )
    }
  }
  return files.filter((file) => !applied.has(file.name))
}

export function hasMigrations(database: DatabaseSync): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'").get() !==
    undefined
  )
}

function readMigrations(directory: string): Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql') && !WAY_BACK.test(name))
  return names.sort().map((name) => {
    const sql = readFileSync(join(directory, name), 'utf8')
    return { name, sql, hash: createHash('sha256').update(sql).digest('hex') }
  })
}

function readApplied(database: DatabaseSync): Map<string, string> {
  if (!hasMigrations(database)) return new Map()
  const rows = database.prepare('SELECT name, hash FROM migrations ORDER BY name').all()
  return new Map(rows.map((row) => [String(row['name']), String(row['hash'])]))
}
