import type { Figures } from '../measure/alternate.ts'
import type { Group } from '../measure/group.ts'
import { LEG } from '../measure/group.ts'
import { A2A_TARGETS } from './a2a-targets.ts'

export type Results = Readonly<Partial<Record<string, Group>>>

export interface Verdict {
  readonly target: string
  readonly limit: string
  readonly value: number | undefined
  /** `unknown` when this run did not measure it. */
  readonly outcome: 'met' | 'missed' | 'unknown'
}

export interface Target {
  readonly name: string
  readonly atLeast?: number
  readonly atMost?: number
  readonly unit: string
  readonly value: (results: Results) => number | undefined
}

/** What the hub is held to. These are reported, never asserted: a loaded machine must not fail a build. */
const TARGETS: readonly Target[] = [
  {
    name: 'tools/call against the plain proxy',
    atLeast: 0.85,
    unit: '×',
    value: (r) => hub(r, 'calls')?.ratio,
  },
  {
    name: 'merged /mcp against the plain proxy',
    atLeast: 0.85,
    unit: '×',
    value: (r) => find(r, 'calls', LEG.hubMerged)?.ratio,
  },
  {
    name: 'tools/call with a token and a grant',
    atLeast: 0.85,
    unit: '×',
    value: (r) => find(r, 'calls', LEG.hubToken)?.ratio,
  },
  {
    name: 'CPU that a token and a grant add to a call (least)',
    atMost: 3,
    unit: ' µs',
    value: addedByTokenUs,
  },
  { name: 'CPU for a call (least)', atMost: 65, unit: ' µs', value: (r) => hub(r, 'calls')?.cpuUsMin },
  { name: 'latency added at one connection', atMost: 50, unit: ' µs', value: addedLatencyUs },
  {
    name: '10 KB bodies against the plain proxy',
    atLeast: 0.8,
    unit: '×',
    value: (r) => hub(r, 'bodies10')?.ratio,
  },
  {
    name: '100 KB bodies against the plain proxy',
    atLeast: 0.8,
    unit: '×',
    value: (r) => hub(r, 'bodies100')?.ratio,
  },
  {
    name: 'before an SDK server, against direct',
    atLeast: 0.85,
    unit: '×',
    value: (r) => hub(r, 'sdk')?.ratio,
  },
  { name: 'against mcp-hub', atLeast: 5, unit: '×', value: (r) => times(r, LEG.hub, 'mcp-hub') },
  {
    name: 'against @civic/passthrough-mcp-server',
    atLeast: 5,
    unit: '×',
    value: (r) => times(r, LEG.hub, '@civic'),
  },
  {
    name: 'against supergateway, the hub over HTTP',
    atLeast: 5,
    unit: '×',
    value: (r) => times(r, LEG.hub, 'supergateway'),
  },
  {
    name: 'against supergateway, both on stdio',
    atLeast: 5,
    unit: '×',
    value: (r) => times(r, LEG.hubStdio, 'supergateway'),
  },
  {
    name: 'events passed through in a second',
    atLeast: 150_000,
    unit: '',
    value: (r) => hub(r, 'streams')?.eventsPerSecond,
  },
  {
    name: 'memory for an idle stream',
    atMost: 50,
    unit: ' KB',
    value: (r) => number(r, 'RSS for each idle stream, KB'),
  },
  {
    name: 'ready from source',
    atMost: 1500,
    unit: ' ms',
    value: (r) => number(r, 'ready from source, median ms'),
  },
  { name: 'ready built', atMost: 400, unit: ' ms', value: (r) => number(r, 'ready from built, median ms') },
  { name: 'memory idle', atMost: 120, unit: ' MB', value: (r) => number(r, 'RSS idle, MB') },
  {
    name: 'client_credentials with a secret, per core second',
    atLeast: 2000,
    unit: '',
    value: (r) => identity(r, 'client_secret_basic, answering thread, tokens per core second'),
  },
  {
    name: 'client_credentials with a key, per core second',
    atLeast: 1000,
    unit: '',
    value: (r) => identity(r, 'private_key_jwt, answering thread, tokens per core second'),
  },
  {
    name: 'hop token',
    atMost: 200,
    unit: ' µs',
    value: (r) => identity(r, 'hop token, minted, median µs'),
  },
  { name: 'grant check (worst measured)', atMost: 5, unit: ' µs', value: worstGrantCheckUs },
  {
    name: 'revoked to refused, p99',
    atMost: 1000,
    unit: ' ms',
    value: (r) => identity(r, 'revoked to refused, p99, ms'),
  },
  ...A2A_TARGETS,
]

export function judge(results: Results): Verdict[] {
  return TARGETS.map((target) => {
    const value = target.value(results)
    const limit =
      target.atLeast === undefined ? `≤ ${target.atMost}${target.unit}` : `≥ ${target.atLeast}${target.unit}`
    if (value === undefined) return { target: target.name, limit, value, outcome: 'unknown' }
    const met = value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity)
    return { target: target.name, limit, value, outcome: met ? 'met' : 'missed' }
  })
}

function hub(results: Results, group: string): Figures | undefined {
  return find(results, group, LEG.hub)
}
function find(results: Results, group: string, name: string): Figures | undefined {
  return results[group]?.figures.find((figures) => figures.name.startsWith(name))
}
function number(results: Results, name: string): number | undefined {
  return results['footprint']?.numbers[name]
}
function identity(results: Results, name: string): number | undefined {
  return results['identity']?.numbers[name]
}
function worstGrantCheckUs(results: Results): number | undefined {
  const numbers = Object.entries(results['identity']?.numbers ?? {})
  const checks = numbers.filter(([name]) => name.startsWith('grant check')).map(([, value]) => value)
  return checks.length > 0 ? Math.max(...checks) : undefined
}
function addedByTokenUs(results: Results): number | undefined {
  const [token, key] = [find(results, 'calls', LEG.hubToken), hub(results, 'calls')]
  return token && key ? token.cpuUsMin - key.cpuUsMin : undefined
}
function addedLatencyUs(results: Results): number | undefined {
  const [ours, plain] = [hub(results, 'calls')?.p50C1Us, find(results, 'calls', LEG.plain)?.p50C1Us]
  return ours === undefined || plain === undefined ? undefined : ours - plain
}
function times(results: Results, ours: string, peer: string): number | undefined {
  const [a, b] = [find(results, 'peers', ours), find(results, 'peers', peer)]
  return a && b ? a.ratio / b.ratio : undefined
}
