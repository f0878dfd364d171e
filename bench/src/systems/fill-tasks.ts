import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createActivity } from '../../../packages/server/src/activity/index.ts'
import { systemClock } from '../../../packages/server/src/lib/clock.ts'
import { createNewId, systemRandom } from '../../../packages/server/src/lib/random.ts'
import { openSealing, type Sealer } from '../../../packages/server/src/sealing/index.ts'
import { DATABASE_FILE, openStore } from '../../../packages/server/src/store/index.ts'

const PER_COMMIT = 10_000
const COLUMNS = `owner, face, state, version, principal, server, action, capability, arguments_digest, message, created_at,
  ttl_ms, poll_interval_ms, expires_at, outcome_bytes, is_tool_error`

/**
 * Puts so many ended tasks beside the one that a hub has kept, of the same owner at the same agent, each with what it
 * holds sealed for it. The hub must not run. Straight into the database: as messages they would take an hour.
 */
export async function fillTasks(dataDir: string, count: number): Promise<void> {
  const sealer = await openSealer(dataDir)
  const newId = createNewId(systemClock, systemRandom)
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE))
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144')
    const model = database.prepare("SELECT id, updated_at AS at FROM tasks WHERE face = 'a2a'").get()
    if (!model) throw new Error('the hub has kept no task to go by')
    const addTask = database.prepare(`INSERT INTO tasks (id, context, updated_at, ${COLUMNS})
      SELECT ?, ?, ?, ${COLUMNS} FROM tasks WHERE id = ?`)
    const addPart = database.prepare('INSERT INTO task_parts (task, body) VALUES (?, ?)')
    for (let made = 0; made < count; made += 1) {
      if (made % PER_COMMIT === 0) database.exec('BEGIN')
      const [id, contextId] = [newId('task'), `bench-${made}`]
      addTask.run(id, contextId, Number(model['at']) + made, String(model['id']))
      addPart.run(id, sealer.seal(partsOf(id, contextId), { table: 'task_parts', column: 'body', id }))
      if (made % PER_COMMIT === PER_COMMIT - 1 || made === count - 1) database.exec('COMMIT')
    }
  } finally {
    database.close()
  }
}

async function openSealer(dataDir: string): Promise<Sealer> {
  await using store = await openStore(dataDir)
  const clock = systemClock
  await using activity = createActivity({ store, clock, mode: 'queued', onError: () => undefined })
  const tools = { store, activity, clock, newId: createNewId(clock, systemRandom), random: systemRandom }
  const place = { kind: 'file', file: join(dataDir, 'master.key') } as const
  return (await openSealing({ ...tools, log: () => undefined }, place)).sealer
}

function partsOf(id: string, contextId: string): string {
  const status = { state: 'TASK_STATE_COMPLETED', timestamp: '2026-01-01T00:00:00.000Z' }
  const artifacts = [{ artifactId: 'result', parts: [{ text: 'bench-ok' }] }]
  return JSON.stringify([{ task: { id, contextId, status, artifacts } }])
}
