import { join } from 'node:path'
import { isObject, type RpcResponse } from '../read-response.ts'
import type { HubClient } from '../hub-client.ts'
import type { ThrowAwayHub } from './throw-away-hub.ts'
import type { TourFact, TourStep } from './tour-step.ts'

const READ = 'files__read_text_file'
const RECORDS_LIMIT_MS = 30_000
const POLL_MS = 50

/** What later steps need of earlier ones. */
interface Journey {
  readonly hub: ThrowAwayHub
  /** What was read from the file. */
  text: string
}

interface Step {
  readonly name: string
  readonly why: string
  take(journey: Journey): Promise<TourFact[]>
}

/** The six steps of an MCP call, in their order. */
const STEPS: readonly Step[] = [
  { name: 'request analysis', why: 'The app learns what it could use for its request.', take: analyse },
  { name: 'consent', why: 'A person says what the app may do in their name.', take: consent },
  {
    name: 'access request',
    why: 'Every call shows a credential, and stays within what it may reach.',
    take: ask,
  },
  {
    name: 'data provisioning',
    why: 'The call is decided, then answered by the server that has the data.',
    take: provide,
  },
  {
    name: 'context integration',
    why: 'What was found becomes part of what the model works with.',
    take: integrate,
  },
  {
    name: 'response',
    why: 'The person gets the answer, and anyone can look up how it came about.',
    take: respond,
  },
]

/** Takes each step for real against `hub`; `onStep` is told after each. A step that goes wrong is told, not thrown. */
export async function runTour(
  hub: ThrowAwayHub,
  onStep: (step: TourStep) => void,
): Promise<readonly TourStep[]> {
  const journey: Journey = { hub, text: '' }
  const taken: TourStep[] = []
  for (const [index, { name, why, take }] of STEPS.entries()) {
    const step = { step: index + 1, name, why, facts: await take(journey) }
    taken.push(step)
    onStep(step)
  }
  return taken
}

async function analyse({ hub: { client } }: Journey): Promise<TourFact[]> {
  const discovered = await client.mcp('/mcp', { method: 'server/discover', params: {} })
  const versions = discovered.result?.['supportedVersions']
  const listed = await client.mcp('/mcp', { method: 'tools/list', params: {} })
  const tools = Array.isArray(listed.result?.['tools']) ? listed.result['tools'].filter(isObject) : []
  const names = tools.map((tool) => String(tool['name']))
  return [
    {
      did: 'server/discover',
      found: `the hub speaks MCP ${Array.isArray(versions) ? versions.join(', ') : 'of no known version'}`,
      ok: Array.isArray(versions),
    },
    {
      did: 'tools/list',
      found: `${names.length} tools of two servers, such as ${READ} and memory__create_entities`,
      ok: names.includes(READ) && names.includes('memory__create_entities'),
    },
  ]
}

async function consent(): Promise<TourFact[]> {
  return [
    {
      did: 'nothing yet',
      found:
        "consent comes with grants; today the administrator's key, made at the hub's first start, may do everything",
      ok: true,
    },
  ]
}

async function ask({ hub }: Journey): Promise<TourFact[]> {
  const { client, secret } = hub
  const anonymous = await fetch(`${client.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  })
  await anonymous.body?.cancel()
  const known = await client.mcp('/mcp', { method: 'tools/list', params: {} })
  const outside = await callTool(client, READ, { path: secret })
  return [
    {
      did: 'a request without a key',
      found: `refused with HTTP ${anonymous.status}`,
      ok: anonymous.status === 401,
    },
    {
      did: 'the same with the key',
      found: known.result ? 'accepted' : 'refused',
      ok: known.result !== undefined,
    },
    {
      did: 'a file outside the folder that "files" was given',
      found: outside.ok
        ? 'was read, which must not happen'
        : `refused by the server: ${firstLine(outside.text)}`,
      ok: !outside.ok && !outside.text.includes('not for apps'),
    },
  ]
}

async function provide(journey: Journey): Promise<TourFact[]> {
  const { client, folder } = journey.hub
  const read = await callTool(client, READ, { path: join(folder, 'notes.txt') })
  journey.text = read.text.trim()
  const records = await recordsOf(client, 2)
  const record = records.at(-1)
  const policies = Array.isArray(record?.['policies']) ? record['policies'].join(', ') : 'none'
  return [
    {
      did: `${READ} within the folder`,
      found: `“${firstLine(read.text)}”`,
      ok: read.ok && journey.text.length > 0,
    },
    {
      did: 'the permission check of that call',
      found: `decision ${String(record?.['decision'])}, because of ${policies}`,
      ok: record?.['decision'] === 'allow' && record['capability'] === 'tool:files/read_text_file',
    },
  ]
}

async function integrate({ hub: { client }, text }: Journey): Promise<TourFact[]> {
  const entity = { name: 'Ada Lovelace', entityType: 'person', observations: [text] }
  const kept = await callTool(client, 'memory__create_entities', { entities: [entity] })
  const found = await callTool(client, 'memory__search_nodes', { query: 'Lovelace' })
  return [
    {
      did: 'memory__create_entities with what was read',
      found: kept.ok ? 'kept' : firstLine(kept.text),
      ok: kept.ok,
    },
    {
      did: 'memory__search_nodes for "Lovelace"',
      found: found.text.includes(text) ? 'finds it again' : 'does not find it',
      ok: found.ok && text.length > 0 && found.text.includes(text),
    },
  ]
}

/** The calls of this tour that reached a capability, in order. */
const EXPECTED = [
  'tool:files/read_text_file tool_error',
  'tool:files/read_text_file ok',
  'tool:memory/create_entities ok',
  'tool:memory/search_nodes ok',
]

async function respond({ hub: { client }, text }: Journey): Promise<TourFact[]> {
  const records = await recordsOf(client, EXPECTED.length)
  const seen = records.map(({ capability, result }) => `${String(capability)} ${String(result)}`)
  const lines = records.map(
    ({ seq, capability, decision, result }) =>
      `${String(seq)} ${String(capability)} ${String(decision)} ${String(result)}`,
  )
  return [
    { did: 'the answer', found: `“${text}”`, ok: text.length > 0 },
    {
      did: 'the activity record',
      found: `${lines.join('; ')}. The request without a key reached nothing and left nothing here.`,
      ok: seen.join('\n') === EXPECTED.join('\n'),
    },
  ]
}

interface ToolAnswer {
  readonly ok: boolean
  readonly text: string
}

async function callTool(client: HubClient, name: string, args: Record<string, unknown>): Promise<ToolAnswer> {
  const { result, error }: RpcResponse = await client.mcp('/mcp', {
    method: 'tools/call',
    params: { name, arguments: args },
  })
  if (!result) return { ok: false, text: error?.message ?? 'no answer' }
  const content = Array.isArray(result['content']) ? result['content'].filter(isObject) : []
  const text = content.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('\n')
  // A server that answers with structured content need not repeat it as text.
  return { ok: result['isError'] !== true, text: text || JSON.stringify(result['structuredContent'] ?? '') }
}

/** Records of plain calls are written within 50 ms, so they are looked for again until there are as many. Oldest first. */
async function recordsOf(client: HubClient, count: number): Promise<Record<string, unknown>[]> {
  const deadline = performance.now() + RECORDS_LIMIT_MS
  for (;;) {
    const { records } = (await client.api('GET', '/api/activity')) as { records: Record<string, unknown>[] }
    const calls = records.filter(({ face }) => face === 'mcp').reverse()
    if (calls.length >= count || performance.now() > deadline) return calls
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 160)
}
