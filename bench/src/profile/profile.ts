import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modernCall } from '../load/requests.ts'
import { runLoad } from '../load/run-load.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { CALLER } from '../measure/calls.ts'
import { say, sayOnce } from '../measure/a2a/a2a-asked.ts'
import type { Settings } from '../measure/group.ts'
import { enrolAgent } from '../systems/enrol-agent.ts'
import { openAgentHub, type Asking } from '../systems/open-agent-hub.ts'
import { startHub } from '../systems/start-hub.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import type { Upstream } from '../systems/start-upstream.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { CpuProfile, Span } from './self-time.ts'
import { selfTimeByFunction, selfTimeByPart } from './self-time.ts'

const CONNECTIONS = 64
const A2A: Readonly<Record<string, Asking>> = {
  'a2a-message': say('SendMessage', 'message'),
  'a2a-task': say('SendMessage', 'task'),
  'a2a-get': { method: 'GetTask', params: {} },
  'a2a-stream': say('SendStreamingMessage', 'chunks 200'),
}
const WARM_UP_SECONDS = 2
const SHOWN_FROM_PERCENT = 0.3
const SHOWN = 30

/**
 * Runs a system with --cpu-prof under full load; returns a Markdown table of self time for each of its threads. The
 * profiler itself costs some; the shares are what counts.
 */
export async function profile(settings: Settings, system: string, bodyKilobytes: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-profile-'))
  try {
    const nodeArgs = ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${directory}`]
    const pushed = await push(settings, { name: system, nodeArgs, bodyBytes: bodyKilobytes * 1024 })
    const profiles = readdirSync(directory).map(
      (file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile,
    )
    return profiles.map((each) => formatThread(each, pushed)).join('\n\n')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Profiled {
  readonly name: string
  readonly nodeArgs: readonly string[]
  /** Of the arguments and of the result. */
  readonly bodyBytes: number
}

/** How many calls were answered in which time: starting and warming up are left out of the profile. */
interface Pushed {
  readonly requests: number
  readonly span: Span
}

async function push(settings: Settings, profiled: Profiled): Promise<Pushed> {
  const { cores, seconds } = settings
  await using upstream = await startUpstream(cores.load)
  const { system, request } = await start(settings, upstream, profiled)
  await using running = system
  await waitUntilRight(running.port, request)
  const target = { port: running.port, request, connections: CONNECTIONS, core: cores.load }
  await runLoad({ ...target, seconds: WARM_UP_SECONDS })
  const from = monotonicUs()
  const { requests } = await runLoad({ ...target, seconds: seconds * 2 })
  return { requests, span: [from, monotonicUs()] }
}

async function start(settings: Settings, upstream: Upstream, profiled: Profiled) {
  const { name, nodeArgs, bodyBytes } = profiled
  const path = upstream.path('modern', bodyBytes)
  if (name === 'plain') {
    const args = [String(upstream.port)]
    const system = await startNodeSystem('plain-proxy.ts', settings.cores.server, { args, nodeArgs })
    return { system, request: modernCall({ path, bodyBytes }) }
  }
  if (name in A2A) return startA2a(settings, A2A[name]!, nodeArgs)
  const http = { url: `http://127.0.0.1:${upstream.port}${path}` }
  const servers: Readonly<Record<string, object>> = {
    hub: http,
    'hub-token': http,
    stdio: { command: upstream.stdioCommand, args: ['--stdio'] },
  }
  const cheap = servers[name]
  if (!cheap) {
    const names = [...Object.keys(servers), ...Object.keys(A2A)]
    throw new Error(`--profile takes ${names.join(', ')} or plain, not ${name}`)
  }
  const [core, entry] = [settings.cores.server, settings.hubEntry]
  const system = await startHub({ core, entry, servers: { cheap }, nodeArgs })
  const call = { path: CALLER.path, bodyBytes }
  if (name !== 'hub-token') return { system, request: system.modern(call) }
  const { headers } = await (await enrolAgent(system, CALLER)).giveAccess()
  return { system, request: system.modern({ ...call, headers }) }
}

async function startA2a({ cores, hubEntry: entry }: Settings, asked: Asking, nodeArgs: readonly string[]) {
  const system = await openAgentHub({ core: cores.server, entry, nodeArgs }, cores)
  if (asked.method !== 'GetTask') return { system, request: system.ask(asked) }
  const { task } = await system.call<{ task: { id: string } }>(sayOnce('task'))
  return { system, request: system.ask({ ...asked, params: { id: task.id } }) }
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

function formatThread(thread: CpuProfile, { requests, span }: Pushed): string {
  const busy = [...selfTimeByPart(thread, span).values()].reduce((sum, each) => sum + each, 0)
  const rows = (times: Map<string, number>) =>
    [...times]
      .toSorted((a, b) => b[1] - a[1])
      .filter(([, each]) => (each / busy) * 100 >= SHOWN_FROM_PERCENT)
      .slice(0, SHOWN)
      .map(
        ([name, each]) =>
          `| ${name} | ${((each / busy) * 100).toFixed(1)} | ${(each / requests).toFixed(1)} |`,
      )
  const head = (name: string) => [`| ${name} | % of busy time | µs per call |`, '| --- | --- | --- |']
  const parts = [...head('part'), ...rows(selfTimeByPart(thread, span))]
  const functions = [...head('function, its own time'), ...rows(selfTimeByFunction(thread, span))]
  return [...parts, '', ...functions].join('\n')
}
