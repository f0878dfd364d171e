import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ParleyError } from '@parley/contract'

const DIRECTORY = join(import.meta.dirname, 'migrations')

/**
 * Brings the schema up to date: numbered `.sql` files, each once, each in one transaction. A file that was changed
 * after it ran, or one that this version does not know, stops the start.
 */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN EXCLUSIVE')
  try {
    database.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT')
    const applied = new Map(
      database
        .prepare('SELECT name, hash FROM migrations')
        .all()
        .map((row) => [String(row['name']), String(row['hash'])]),
    )
    const files = readdirSync(DIRECTORY)
      .filter((name) => name.endsWith('.sql'))
      .sort()
    for (const name of files) apply(database, name, applied.get(name))
    const unknown = [...applied.keys()].find((name) => !files.includes(name))
    if (unknown !== undefined) {
      throw new ParleyError(
        'conflict',
        `The database was made by a newer Parley (migration ${unknown}). Start that version.`,
      )
    }
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function apply(database: DatabaseSync, name: string, appliedHash: string | undefined): void {
  const sql = readFileSync(join(DIRECTORY, name), 'utf8')
  const hash = createHash('sha256').update(sql).digest('hex')
  if (appliedHash === hash) return
  if (appliedHash !== undefined)
    throw new ParleyError('conflict', `Migration ${name} was changed after it ran.`)
  database.exec(sql)
  database.prepare('INSERT INTO migrations (name, hash) VALUES (?, ?)').run(name, hash)
}
