import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../../kit/statistics.ts'
import { runLoad } from '../../load/run-load.ts'
import { fillTasks } from '../../systems/fill-tasks.ts'
import { openAgentHub } from '../../systems/open-agent-hub.ts'
import { hubIsMissing } from '../../systems/start-hub.ts'
import type { Group, Settings } from '../group.ts'
import { sayOnce } from './a2a-asked.ts'

const PAGE = 50

/** One page of very many tasks of one owner, asked for over one connection. */
export async function measureA2aList(settings: Settings): Promise<Group> {
  const title = `A2A ListTasks, a page of ${PAGE} of ${settings.tasks.toLocaleString('en')} tasks of one owner`
  const missing = hubIsMissing(settings.hubEntry)
  if (missing) return { title, figures: [], numbers: {}, skipped: [missing] }
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-tasks-'))
  try {
    return { title, figures: [], numbers: await measure(settings, dataDir), skipped: [] }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function measure(settings: Settings, dataDir: string): Promise<Record<string, number>> {
  const { cores, hubEntry: entry, tasks, rounds, seconds } = settings
  await keepOne(settings, dataDir)
  await fillTasks(dataDir, tasks - 1)
  await using hub = await openAgentHub({ core: cores.server, entry, dataDir }, cores)
  const numbers: Record<string, number> = {}
  const questions = {
    'first page': {},
    'of one state': { status: 'TASK_STATE_COMPLETED' },
    'further page': { pageToken: await pageToken(hub) },
  }
  for (const [name, filter] of Object.entries(questions)) {
    const params = { pageSize: PAGE, ...filter }
    const request = hub.ask({ method: 'ListTasks', params, marker: `"totalSize":${tasks}` })
    const load = { port: hub.port, request, connections: 1, core: cores.load }
    await runLoad({ ...load, seconds })
    const runs = []
    for (let round = 0; round < rounds; round += 1) runs.push(await runLoad({ ...load, seconds }))
    numbers[`${name}, p50 ms`] = median(runs.map(({ p50Us }) => p50Us)) / 1000
    numbers[`${name}, p99 ms`] = median(runs.map(({ p99Us }) => p99Us)) / 1000
  }
  return numbers
}

/** What the others are made like. */
async function keepOne({ cores, hubEntry: entry }: Settings, dataDir: string): Promise<void> {
  await using hub = await openAgentHub({ core: cores.server, entry, dataDir }, cores)
  await hub.call(sayOnce('task'))
}

async function pageToken(hub: Awaited<ReturnType<typeof openAgentHub>>): Promise<string> {
  const { nextPageToken } = await hub.call<{ nextPageToken: string }>({
    method: 'ListTasks',
    params: { pageSize: PAGE },
  })
  return nextPageToken
}
