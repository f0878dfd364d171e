import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ParleyError } from '@parley/contract'
import { syncFile } from './back-up.ts'
import { configureReader, configureWriter } from './configure-connection.ts'
import { lockDirectory } from './lock-directory.ts'
import { MIGRATIONS, migrate } from './migrate.ts'
import { isDamage } from './sqlite-error.ts'
import { SqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'
import { Writer } from './writer.ts'

export const DATABASE_FILE = 'parley.db'
const MIN_SQLITE = [3, 51, 3] as const

/**
 * Opens or makes the database in `dataDir` (0700, files 0600), for this opener alone. Refuses with a sentence for the
 * administrator: a directory in use (`conflict`), a damaged file, a schema that it must not touch.
 */
export async function openStore(dataDir: string, options: { migrations?: string } = {}): Promise<Store> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  chmodSync(dataDir, 0o700)
  const unlock = lockDirectory(dataDir)
  const file = join(dataDir, DATABASE_FILE)
  try {
    prepareDatabase(file, dataDir, options.migrations ?? MIGRATIONS)
    const reader = new DatabaseSync(file, { readOnly: true })
    configureReader(reader)
    return new SqliteStore({ file, reader, writer: await Writer.start(file), unlock })
  } catch (error) {
    unlock()
    if (!isDamage(error)) throw error
    throw damaged(file, error)
  }
}

/** Checks and migrates on a connection of its own; the one that reads later cannot write at all. */
function prepareDatabase(file: string, dataDir: string, migrations: string): void {
  // SQLite gives its log files the mode of the database.
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const database = new DatabaseSync(file)
  try {
    refuseOldSqlite(database)
    configureWriter(database)
    if (database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] !== 'ok')
      throw damaged(file, undefined)
    // A power cut may take back migrations, each as a whole, and they run again: the last sync is that of `close`.
    database.exec('PRAGMA synchronous = NORMAL')
    migrate(database, migrations, (next) => copyBefore(database, join(dataDir, `before-${next}.db`)))
  } finally {
    database.close()
  }
}

/** Nothing else uses the database yet, so a copy may take its time. */
function copyBefore(database: DatabaseSync, copy: string): void {
  // Emptied first: an attempt that was cut off may have left one, and the database is still as it was then.
  closeSync(openSync(copy, 'w', 0o600))
  database.prepare('VACUUM INTO ?').run(copy)
  syncFile(copy)
}

/** Before 3.51.3 a reset of the log could corrupt a database with two connections. */
function refuseOldSqlite(database: DatabaseSync): void {
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  if (compareVersions(version.split('.').map(Number), MIN_SQLITE) < 0) {
    throw new ParleyError(
      'internal',
      `SQLite ${version} is too old; Parley needs ${MIN_SQLITE.join('.')}, as Node 24 has.`,
    )
  }
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  const at = right.findIndex((part, index) => part !== left[index])
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}

function damaged(file: string, cause: unknown): ParleyError {
  return new ParleyError('internal', `${file} is damaged. Restore a backup with \`parley restore\`.`, {
    cause,
  })
}
