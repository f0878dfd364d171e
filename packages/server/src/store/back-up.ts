import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, backup } from 'node:sqlite'
import { ParleyError } from '@parley/contract'
import { configureReader } from './configure-connection.ts'

/** Pages copied in one step on a thread of the pool; small enough that a reader is never held up. */
const PAGES_PER_STEP = 1000

/**
 * Copies a live database, as it is now, into a new file (0600) and returns its size in bytes. The copy is there whole
 * and on disk, or not at all.
 */
export async function backUp(source: string, target: string): Promise<number> {
  if (existsSync(target))
    throw new ParleyError('conflict', `${target} exists already; a backup never overwrites.`)
  const partial = `${target}.partial`
  const database = new DatabaseSync(source, { readOnly: true })
  try {
    closeSync(openSync(partial, 'w', 0o600))
    configureReader(database)
    // An open read transaction pins the snapshot. Without it every commit of the writer starts the copy anew, and
    // under a steady load it would never end.
    database.exec('BEGIN')
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    await backup(database, partial, { rate: PAGES_PER_STEP })
    chmodSync(partial, 0o600)
    syncFile(partial)
    renameSync(partial, target)
    syncFile(dirname(target))
  } finally {
    database.close()
    rmSync(partial, { force: true })
  }
  return statSync(target).size
}

/** Also for a directory, whose entries are what is synced then. */
export function syncFile(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
