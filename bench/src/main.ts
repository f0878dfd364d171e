import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BUILT_DIR, ROOT_DIR } from './kit/bench-dir.ts'
import { measureA2aCalls } from './measure/a2a/a2a-calls.ts'
import { measureA2aList } from './measure/a2a/a2a-list.ts'
import { measureA2aStreams } from './measure/a2a/a2a-streams.ts'
import { measureA2aSubscriptions } from './measure/a2a/a2a-subscriptions.ts'
import { measureBodies } from './measure/bodies.ts'
import { measureCalls } from './measure/calls.ts'
import { measureFootprint } from './measure/footprint.ts'
import type { Group, Settings } from './measure/group.ts'
import { measureIdentity } from './measure/identity.ts'
import { measurePeers } from './measure/peers.ts'
import { measureSdkUpstream } from './measure/sdk-upstream.ts'
import { measureStreams } from './measure/streams.ts'
import { profile } from './profile/profile.ts'
import { formatGroup, formatVerdicts } from './report/print.ts'
import { judge } from './report/targets.ts'

const HELP = `npm run bench -- [options]
  --quick             short runs, for a look; the figures swing more
  --peers             also measure other gateways from npm (installed into bench/peers)
  --only a,b          only these groups: calls bodies10 bodies100 streams sdk footprint identity
                      peers a2a (a2a-calls a2a-streams a2a-idle a2a-list)
  --profile hub|hub-token|stdio|plain|a2a-message|a2a-task|a2a-get|a2a-stream
                      where the CPU time of a call goes, by part of the program; measures nothing else
  --body KB           how large arguments and result are for --profile (default 0)
  --entry FILE        what starts the hub from source
  --built FILE        what starts the built hub
  --out FILE          where the figures go as JSON (default bench/dist/results.json)`

const GROUPS: Readonly<Record<string, (settings: Settings) => Promise<Group>>> = {
  calls: measureCalls,
  bodies10: (settings) => measureBodies(settings, 10),
  bodies100: (settings) => measureBodies(settings, 100),
  streams: measureStreams,
  sdk: measureSdkUpstream,
  footprint: measureFootprint,
  identity: measureIdentity,
  'a2a-calls': measureA2aCalls,
  'a2a-streams': measureA2aStreams,
  'a2a-idle': measureA2aSubscriptions,
  'a2a-list': measureA2aList,
  peers: measurePeers,
}

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      only: { type: 'string' },
      profile: { type: 'string' },
      body: { type: 'string', default: '0' },
      entry: { type: 'string', default: resolve(ROOT_DIR, 'packages/cli/src/main.ts') },
      built: { type: 'string', default: resolve(ROOT_DIR, 'packages/cli/dist/main.js') },
      out: { type: 'string', default: resolve(BUILT_DIR, 'results.json') },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(HELP)
  const settings: Settings = {
    cores: { server: 0, load: 1 },
    rounds: values.quick ? 3 : 7,
    seconds: values.quick ? 1.5 : 4,
    tasks: values.quick ? 100_000 : 1_000_000,
    hubEntry: resolve(values.entry),
    builtEntry: resolve(values.built),
    peers: values.peers,
  }
  if (values.profile !== undefined)
    return console.log(await profile(settings, values.profile, Number(values.body)))
  await run(settings, chosenGroups(values.only, values.peers), values.out)
}

function chosenGroups(only: string | undefined, peers: boolean): string[] {
  const all = Object.keys(GROUPS)
  const named = only?.split(',').flatMap((name) => (name === 'a2a' ? all.filter(isOfA2a) : [name]))
  const names = named ?? all.filter((name) => peers || name !== 'peers')
  const unknown = names.filter((name) => !(name in GROUPS))
  if (unknown.length > 0) throw new Error(`unknown group ${unknown.join(', ')}\n${HELP}`)
  return names
}

function isOfA2a(name: string): boolean {
  return name.startsWith('a2a-')
}

async function run(settings: Settings, names: readonly string[], out: string): Promise<void> {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`
  console.log(
    `${machine}; server on core ${settings.cores.server}, load and upstream on core ${settings.cores.load}\n`,
  )
  const results: Record<string, Group> = {}
  for (const name of names) {
    results[name] = await GROUPS[name]!(settings).catch((error: unknown) => failed(name, error))
    console.log(`${formatGroup(results[name])}\n`)
  }
  const verdicts = judge(results)
  console.log(formatVerdicts(verdicts))
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${JSON.stringify({ machine, settings, results, verdicts }, null, 2)}\n`)
}

/** A group that cannot be measured is reported as such; the others still count. */
function failed(name: string, error: unknown): Group {
  const reason = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)
  return { title: name, figures: [], numbers: {}, skipped: [reason.trim()] }
}
