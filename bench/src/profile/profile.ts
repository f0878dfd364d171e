import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modernCall } from '../load/requests.ts'
import { runLoad } from '../load/run-load.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { callHub } from '../measure/calls.ts'
import type { Settings } from '../measure/group.ts'
import { startHub } from '../systems/start-hub.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import type { Upstream } from '../systems/start-upstream.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { CpuProfile } from './self-time.ts'
import { selfTimeByPart } from './self-time.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
const SHOWN_FROM_PERCENT = 0.3

/**
 * Runs a system with --cpu-prof under full load; returns a Markdown table of self time for each of its threads. The
 * profiler itself costs some; the shares are what counts.
 */
export async function profile(settings: Settings, system: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-profile-'))
  try {
    const nodeArgs = ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${directory}`]
    const requests = await push(settings, system, nodeArgs)
    const profiles = readdirSync(directory).map(
      (file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile,
    )
    return profiles.map((each) => formatThread(each, requests)).join('\n\n')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function push(settings: Settings, name: string, nodeArgs: readonly string[]): Promise<number> {
  const { cores, seconds } = settings
  await using upstream = await startUpstream(cores.load)
  const { system, request } = await start(settings, name, upstream, nodeArgs)
  await using stopped = system
  await waitUntilRight(stopped.port, request)
  const target = { port: stopped.port, request, connections: CONNECTIONS, core: cores.load }
  const warm = await runLoad({ ...target, seconds: WARM_UP_SECONDS })
  return warm.requests + (await runLoad({ ...target, seconds: seconds * 2 })).requests
}

async function start(settings: Settings, name: string, upstream: Upstream, nodeArgs: readonly string[]) {
  if (name === 'plain') {
    const args = [String(upstream.port)]
    const system = await startNodeSystem('plain-proxy.ts', settings.cores.server, { args, nodeArgs })
    return { system, request: modernCall({ path: upstream.path('modern') }) }
  }
  if (name !== 'hub') throw new Error(`--profile takes hub or plain, not ${name}`)
  const system = await startHub({ ...callHub(settings, upstream), nodeArgs })
  return { system, request: system.modern({ path: '/mcp/servers/cheap' }) }
}

function formatThread(thread: CpuProfile, requests: number): string {
  const times = [...selfTimeByPart(thread)].toSorted((a, b) => b[1] - a[1])
  const busy = times.reduce((sum, [, each]) => sum + each, 0)
  const rows = times
    .filter(([, each]) => (each / busy) * 100 >= SHOWN_FROM_PERCENT)
    .map(
      ([part, each]) => `| ${part} | ${((each / busy) * 100).toFixed(1)} | ${(each / requests).toFixed(1)} |`,
    )
  return ['| part | % of busy time | µs per call |', '| --- | --- | --- |', ...rows].join('\n')
}
