import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ParleyError } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { syncFile } from './back-up.ts'
import { configureWriter } from './configure-connection.ts'
import { lockDirectory } from './lock-directory.ts'
import { MIGRATIONS, hasMigrations, pendingMigrations } from './migrate.ts'
import { DATABASE_FILE } from './open-store.ts'
import { isDamage } from './sqlite-error.ts'

export interface Restored {
  readonly bytes: number
  /** Where the database that was there before now lies; restoring it undoes this. */
  readonly previous: string | undefined
}

/**
 * Puts a backup in the place of the database in `dataDir`. Refused with `conflict` while a hub uses it, and with
 * `invalid_request` when the backup is damaged or not ours; nothing has changed then. At every moment, also after a
 * crash, the directory holds the old database or the new one, whole.
 */
export function restoreBackup(file: string, dataDir: string, clock: Pick<Clock, 'now'>): Restored {
  if (!existsSync(file)) throw new ParleyError('invalid_request', `There is no backup at ${file}.`)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  chmodSync(dataDir, 0o700)
  const unlock = lockDirectory(dataDir)
  const incoming = join(dataDir, 'restoring.db')
  try {
    remove(incoming)
    copyFileSync(file, incoming, constants.COPYFILE_FICLONE)
    chmodSync(incoming, 0o600)
    checkBackup(incoming, file)
    syncFile(incoming)
    const current = join(dataDir, DATABASE_FILE)
    const previous = existsSync(current) ? setAside(current, clock) : undefined
    renameSync(incoming, current)
    syncFile(dataDir)
    return { bytes: statSync(current).size, previous }
  } finally {
    remove(incoming)
    unlock()
  }
}

function checkBackup(copy: string, file: string): void {
  const database = new DatabaseSync(copy)
  try {
    const check = database.prepare('PRAGMA integrity_check(1)').get()
    if (check?.['integrity_check'] !== 'ok') throw new ParleyError('invalid_request', `${file} is damaged.`)
    if (!hasMigrations(database)) throw new ParleyError('invalid_request', `${file} is no backup of Parley.`)
    pendingMigrations(database, MIGRATIONS)
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new ParleyError('invalid_request', `${file} is no database, or a damaged one.`, { cause: error })
  } finally {
    database.close()
  }
}

/** Keeps a copy of what is there and leaves no log beside it that would be taken for the new database's. */
function setAside(current: string, clock: Pick<Clock, 'now'>): string {
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')
  const previous = join(dirname(current), `before-restore-${stamp}.db`)
  foldLogIn(current)
  copyFileSync(current, previous, constants.COPYFILE_EXCL)
  chmodSync(previous, 0o600)
  syncFile(previous)
  // A log that is still there belongs to a damaged database: it goes with its copy.
  if (existsSync(`${current}-wal`)) renameSync(`${current}-wal`, `${previous}-wal`)
  rmSync(`${current}-shm`, { force: true })
  return previous
}

/** The last connection that closes writes the log into the database and removes it. */
function foldLogIn(current: string): void {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(current)
    configureWriter(database)
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
  } catch (error) {
    // A damaged database is a good reason to restore; it is kept as it is.
    if (!isDamage(error)) throw error
  } finally {
    database?.close()
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${suffix}`, { force: true })
}
