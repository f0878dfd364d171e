import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { CommitGroup } from './commit-group.ts'
import { configureWriter } from './configure-connection.ts'
import { UnitDecoder } from './unit-wire.ts'
import type { FromWriter, NumberedUnit, ToWriter, UnitAnswer, WriterSettings } from './unit.ts'

const MAX_GROUP_UNITS = 512
const PROBE_MS = 1000
const PROBE_FREE_BYTES = 1024 * 1024

/** The thread of the only connection that writes; units that wait are committed together. */
function runWriter(file: string, port: NonNullable<typeof parentPort>): void {
  const database = new DatabaseSync(file)
  configureWriter(database)
  const commits = new CommitGroup(database)
  const decoder = new UnitDecoder()
  let waiting: NumberedUnit[] = []
  let scheduled = false
  let probe: NodeJS.Timeout | undefined

  port.on('message', (message: ToWriter) => {
    if (message === 'close') return close()
    for (const wired of message) waiting.push({ id: wired[0], unit: decoder.decode(wired) })
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  })
  send({ kind: 'ready', settings: readSettings(database) })

  function flush(): void {
    scheduled = false
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP_UNITS)
      waiting = waiting.slice(MAX_GROUP_UNITS)
      const answers = commits.apply(group)
      send({ kind: 'answers', answers })
      if (answers.some(isRefusedByDisk)) probe ??= setInterval(tryToWrite, PROBE_MS)
    }
  }

  /** A hub that is not ready gets no calls that would show that there is space again, so the thread looks itself. */
  function tryToWrite(): void {
    if (freeBytes(file) < PROBE_FREE_BYTES) return
    const [answer] = commits.apply([{ id: 0, unit: [PROBE] }])
    if (!answer || isRefusedByDisk(answer)) return
    clearInterval(probe)
    probe = undefined
    send({ kind: 'writable' })
  }

  function close(): void {
    flush()
    clearInterval(probe)
    database.close()
    port.close()
  }

  function send(message: FromWriter): void {
    port.postMessage(message)
  }
}

/** Writes one page and changes nothing. */
const PROBE = { sql: 'PRAGMA user_version = 0', parameters: [] }

function isRefusedByDisk(answer: UnitAnswer): boolean {
  return 'failure' in answer && answer.failure.kind === 'storage'
}

function freeBytes(file: string): number {
  const { bavail, bsize } = statfsSync(dirname(file))
  return bavail * bsize
}

function readSettings(database: DatabaseSync): WriterSettings {
  const read = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0]
  return {
    journalMode: String(read('PRAGMA journal_mode')),
    synchronous: ['OFF', 'NORMAL', 'FULL', 'EXTRA'][Number(read('PRAGMA synchronous'))] ?? 'unknown',
    sqliteVersion: String(read('SELECT sqlite_version()')),
  }
}

if (parentPort) runWriter((workerData as { file: string }).file, parentPort)
