import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ParleyError } from '@parley/contract'
import { isSqliteError, SQLITE_BUSY } from './sqlite-error.ts'

/** Nothing is ever written into it: it is there to be locked, and stays. */
const LOCK_FILE = 'lock.db'
const PID_FILE = 'parley.pid'

/**
 * Takes the data directory for one opener alone and returns the release. The lock is the operating system's, held
 * through SQLite: it ends with the process that holds it, `kill -9` included, so it can be neither stale nor
 * mistaken for a process that later got the same id. The pid file only serves the error message.
 */
export function lockDirectory(dataDir: string): () => void {
  const pidFile = join(dataDir, PID_FILE)
  const lock = new DatabaseSync(join(dataDir, LOCK_FILE), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isSqliteError(error, SQLITE_BUSY)) throw error
    throw new ParleyError(
      'conflict',
      `Another Parley (${holder(pidFile)}) uses ${dataDir}. Stop it, or choose another --data-dir.`,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(pidFile, { force: true })
    lock.close()
  }
}

function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, 'utf8').trim()}`
  } catch {
    // It has the lock and has not written its id yet.
    return 'just starting'
  }
}
