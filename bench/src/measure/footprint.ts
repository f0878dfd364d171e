import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRssKb } from '../kit/process-cost.ts'
import { least, median } from '../kit/statistics.ts'
import { holdStreams } from '../load/run-load.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import { callHub } from './calls.ts'
import type { Group, Settings } from './group.ts'

const STARTS = 5
const IDLE_STREAMS = 5000
/** Until memory that was only needed to start or to open streams has been given back. */
const SETTLE_MS = 3000

/** Time to the ready line, from source and built, and what an idle hub and its idle streams weigh. */
export async function measureFootprint(settings: Settings): Promise<Group> {
  const numbers: Record<string, number> = {}
  const missing = hubIsMissing(settings.hubEntry)
  const skipped: string[] = []
  if (missing) skipped.push(missing)
  else {
    await measureStarts(settings, settings.hubEntry, 'source', numbers)
    numbers['RSS idle from source, MB'] = await weighIdle(settings, settings.hubEntry)
  }
  if (existsSync(settings.builtEntry)) {
    await measureStarts(settings, settings.builtEntry, 'built', numbers)
    numbers['RSS idle, MB'] = await weighIdle(settings, settings.builtEntry)
    await weighStreams(settings, numbers)
  } else {
    skipped.push(`${settings.builtEntry} is not there: npm run build, or --built FILE`)
  }
  return { title: 'start and memory', figures: [], numbers, skipped }
}

async function measureStarts(
  settings: Settings,
  entry: string,
  name: 'source' | 'built',
  numbers: Record<string, number>,
): Promise<void> {
  await using upstream = await startUpstream(settings.cores.load)
  const times: number[] = []
  for (let i = 0; i < STARTS; i += 1) {
    await using hub = await startHub({ ...callHub(settings, upstream), entry })
    times.push(hub.readyMs)
  }
  numbers[`ready from ${name}, median ms`] = median(times)
  numbers[`ready from ${name}, least ms`] = least(times)
}

/** From source the compiler that strips the types stays in memory too. */
async function weighIdle(settings: Settings, entry: string): Promise<number> {
  await using upstream = await startUpstream(settings.cores.load)
  await using hub = await startHub({ ...callHub(settings, upstream), entry })
  await waitUntilRight(hub.port, hub.modern({ path: '/mcp/servers/cheap' }))
  await sleep(SETTLE_MS)
  return readRssKb(hub.pid) / 1024
}

/** The streams are opened by a process of its own, so that only the hub's side is weighed. */
async function weighStreams(settings: Settings, numbers: Record<string, number>): Promise<void> {
  await using upstream = await startUpstream(settings.cores.load)
  await using hub = await startHub({ ...callHub(settings, upstream), entry: settings.builtEntry })
  await waitUntilRight(hub.port, hub.modern({ path: '/mcp/servers/cheap' }))
  await sleep(SETTLE_MS)
  const idleKb = readRssKb(hub.pid)
  const request = hub.listen({ path: '/mcp/servers/cheap' })
  const options = { port: hub.port, request, connections: IDLE_STREAMS, core: settings.cores.load }
  await using streams = await holdStreams(options)
  if (streams.held < IDLE_STREAMS) throw new Error(`only ${streams.held} of ${IDLE_STREAMS} streams opened`)
  await sleep(SETTLE_MS)
  numbers['idle streams held'] = streams.held
  numbers['RSS with idle streams, MB'] = readRssKb(hub.pid) / 1024
  numbers['RSS for each idle stream, KB'] = (readRssKb(hub.pid) - idleKb) / streams.held
}
