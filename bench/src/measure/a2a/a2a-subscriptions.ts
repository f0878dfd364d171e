import { setTimeout as sleep } from 'node:timers/promises'
import { readRssKb } from '../../kit/process-cost.ts'
import { holdStreams } from '../../load/run-load.ts'
import { hubIsMissing } from '../../systems/start-hub.ts'
import { openAgentHub } from '../../systems/open-agent-hub.ts'
import type { Group, Settings } from '../group.ts'
import { sayOnce } from './a2a-asked.ts'

const SUBSCRIPTIONS = 10_000
/** Until memory that was only needed to open them has been given back. */
const SETTLE_MS = 5000

/** What subscriptions to a task weigh on which nothing happens. */
export async function measureA2aSubscriptions(settings: Settings): Promise<Group> {
  const title = 'A2A subscriptions that wait'
  const missing = hubIsMissing(settings.hubEntry)
  if (missing) return { title, figures: [], numbers: {}, skipped: [missing] }
  return { title, figures: [], numbers: await weigh(settings), skipped: [] }
}

async function weigh({ cores, hubEntry }: Settings): Promise<Record<string, number>> {
  const limits = { connectionsPerAddress: 2 * SUBSCRIPTIONS }
  await using hub = await openAgentHub({ core: cores.server, entry: hubEntry, limits }, cores)
  const { method, params } = sayOnce('wait')
  const { task } = await hub.call<{ task: { id: string } }>({
    method,
    params: { ...params, configuration: { returnImmediately: true } },
  })
  await sleep(SETTLE_MS)
  const idleKb = readRssKb(hub.pid)
  const request = hub.ask({ method: 'SubscribeToTask', params: { id: task.id }, marker: task.id })
  const options = { port: hub.port, request, connections: SUBSCRIPTIONS, core: cores.load }
  await using streams = await holdStreams(options)
  if (streams.held < SUBSCRIPTIONS) throw new Error(`only ${streams.held} of ${SUBSCRIPTIONS} streams opened`)
  await sleep(SETTLE_MS)
  return {
    'idle subscriptions held': streams.held,
    'RSS for each idle subscription, KB': (readRssKb(hub.pid) - idleKb) / streams.held,
  }
}
