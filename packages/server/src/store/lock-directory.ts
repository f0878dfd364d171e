import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ParleyError } from '@parley/contract'

/** Takes the data directory for this process alone; a lock left by a process that is gone is taken over. */
export function lockDirectory(dataDir: string): () => void {
  const file = join(dataDir, 'parley.lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, String(process.pid))
      closeSync(handle)
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const pid = Number(readFileSync(file, 'utf8'))
      if (pid !== process.pid && isAlive(pid)) {
        throw new ParleyError(
          'conflict',
          `Another Parley (process ${pid}) uses ${dataDir}. Stop it, or choose another --data-dir.`,
        )
      }
      rmSync(file, { force: true })
    }
  }
  throw new ParleyError('conflict', `${dataDir} is being opened by another Parley at this moment.`)
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
