import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ParleyError } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/index.ts'

export interface BackupTools {
  readonly store: Pick<Store, 'backup'>
  readonly clock: Pick<Clock, 'now'>
  readonly dataDir: string
  readonly limits: { readonly backups: number }
}

const NAME = /^backup-.*\.db$/

/**
 * Makes backups in the data directory, one at a time and so many in all: a copy is as large as the database. None is
 * deleted for another, so that whoever may make them cannot make others' disappear.
 */
export function createMakeBackup(tools: BackupTools): () => Promise<{ file: string; bytes: number }> {
  const { store, clock, dataDir, limits } = tools
  let isRunning = false
  return async function makeBackup() {
    if (isRunning) throw new ParleyError('conflict', 'A backup is being made; wait until it is done.')
    const kept = readdirSync(dataDir).filter((name) => NAME.test(name)).length
    if (kept >= limits.backups)
      throw new ParleyError(
        'conflict',
        `There are ${kept} backups in the data directory, and there may be ${limits.backups} (limits.backups). ` +
          'Move some away first; `parley backup FILE` leaves none there.',
      )
    isRunning = true
    try {
      const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')
      const file = join(dataDir, `backup-${time}.db`)
      return { file, bytes: await store.backup(file) }
    } finally {
      isRunning = false
    }
  }
}
