import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, type RpcResponse } from '../../read-response.ts'
import type { HubClient } from '../../hub-client.ts'
import { discoverIssuer } from '../../login/discover-issuer.ts'
import { signIn } from '../../login/sign-in.ts'
import type { ThrowAwayHub } from '../throw-away-hub.ts'
import type { Choice, TourPerson } from '../tour-person.ts'
import { firstLine, recordsOf, type Step } from '../take-steps.ts'
import type { TourFact } from '../tour-step.ts'

const READ = 'files__read_text_file'
const WRITE = 'files__write_file'
/** What everyone may be given in the tour's hub: everything but what changes files. */
const ENTITLED = ['tool:files/read_*', 'tool:files/list_*', 'tool:memory/*', 'skill:*']
const EVERYONE = 'grp_00000000000000000000000000'
/** The app shows pages to its person (MCP, URL Mode Elicitation Requests). */
const SHOWS_PAGES = { elicitation: { url: {} } }
/** How many calls are on record once the file was read. */
const PROVIDED = 3

/** What later steps need of earlier ones. */
export interface McpJourney {
  readonly hub: ThrowAwayHub
  readonly ada: TourPerson
  /** The hub as the app reaches it: without a token until there is consent. */
  app: HubClient
  /** What was read from the file. */
  text: string
}

/** The six steps of an MCP call, in their order. */
export const MCP_STEPS: readonly Step<McpJourney>[] = [
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

async function analyse({ hub: { client } }: McpJourney): Promise<TourFact[]> {
  const anonymous = await fetch(`${client.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  })
  await anonymous.body?.cancel()
  const metadata = /resource_metadata="([^"]+)"/.exec(anonymous.headers.get('www-authenticate') ?? '')?.[1]
  const { issuer } = await discoverIssuer(client.url)
  return [
    {
      did: 'a request without a token',
      found: `refused with HTTP ${anonymous.status}; ${metadata ?? 'nothing'} says where to get one`,
      ok: anonymous.status === 401 && metadata !== undefined,
    },
    {
      did: 'where the metadata leads',
      found: `the authorization server ${issuer}`,
      ok: issuer === client.url,
    },
  ]
}

async function consent(journey: McpJourney): Promise<TourFact[]> {
  const { hub, ada } = journey
  const { url } = hub.client
  await ada.join(hub.setupLink)
  await entitleEveryone(hub.client)
  const issuer = await discoverIssuer(url)
  let choice: Promise<Choice> | undefined
  const wanted = [
    { resource: `${url}/mcp`, scope: 'mcp' },
    { resource: `${url}/api`, scope: 'hub:read' },
  ]
  const failure = Promise.withResolvers<never>()
  const signedIn = signIn(issuer, wanted, (address) => {
    choice = ada.allowReading(address)
    choice.catch(failure.reject)
  })
  const tokens = await Promise.race([signedIn, failure.promise])
  await hub.logins.change(url, async () => ({ ...issuer, tokens }))
  journey.app = hub.signedIn()
  const { shown, on } = (await choice)!
  const me = (await journey.app.api('GET', '/api/me')) as { person: { email: string } | null }
  return [
    {
      did: 'Ada makes the first account',
      found: `${ada.email}, by the setup link, with a password and an authenticator app`,
      ok: me.person?.email === ada.email,
    },
    {
      did: 'what everyone may be given',
      found: `${ENTITLED.join(', ')}; nobody may change files`,
      ok: true,
    },
    {
      did: 'the app asks, and Ada reads its page',
      found: `of ${shown.join(', ')} she leaves on ${on.join(', ')}`,
      ok: on.length === 2 && shown.length > on.length,
    },
  ]
}

/** As an administrator narrows what the group everyone is entitled to. */
async function entitleEveryone(client: HubClient): Promise<void> {
  const { grants } = (await client.api('GET', `/api/grants?group=${EVERYONE}`)) as {
    grants: { id: string; version: number; terms: object }[]
  }
  const { id, version, terms } = grants[0]!
  const capabilities = ENTITLED.map((capability) => ({ capability }))
  await client.api('PUT', `/api/grants/${id}/terms`, { terms: { ...terms, capabilities }, version })
}

async function ask({ app, hub: { folder, secret } }: McpJourney): Promise<TourFact[]> {
  const discovered = await app.mcp('/mcp', { method: 'server/discover', params: {} })
  const versions = discovered.result?.['supportedVersions']
  const listed = await app.mcp('/mcp', { method: 'tools/list', params: {} })
  const tools = Array.isArray(listed.result?.['tools']) ? listed.result['tools'].filter(isObject) : []
  const names = tools.map((tool) => String(tool['name']))
  const outside = await callTool(app, READ, { path: secret })
  const forbidden = join(folder, 'forbidden.txt')
  const written = await callTool(app, WRITE, { path: forbidden, content: 'no' })
  return [
    {
      did: 'server/discover and tools/list with the token',
      found: `MCP ${Array.isArray(versions) ? versions.join(', ') : 'of no known version'}, ${names.length} tools of two servers; ${WRITE} is not among them`,
      ok: Array.isArray(versions) && names.includes(READ) && !names.includes(WRITE),
    },
    {
      did: `${WRITE}, which nobody may be given`,
      found: written.ok ? 'was done, which must not happen' : `denied: ${firstLine(written.text)}`,
      ok: !written.ok && !existsSync(forbidden),
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

async function provide(journey: McpJourney): Promise<TourFact[]> {
  const { app, hub } = journey
  const read = await callTool(app, READ, { path: join(hub.folder, 'notes.txt') })
  journey.text = read.text.trim()
  const records = await recordsOf(app, 'mcp', PROVIDED)
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

async function integrate({ app, ada, text }: McpJourney): Promise<TourFact[]> {
  const entity = { name: 'Ada Lovelace', entityType: 'person', observations: [text] }
  const call = { name: 'memory__create_entities', arguments: { entities: [entity] } }
  const asked = await app.mcp('/mcp', { method: 'tools/call', params: call, capabilities: SHOWS_PAGES })
  const { inputRequests, requestState } = asked.result ?? {}
  const question = isObject(inputRequests) ? inputRequests['consent'] : undefined
  const params = isObject(question) && isObject(question['params']) ? question['params'] : {}
  const url = typeof params['url'] === 'string' ? params['url'] : undefined
  if (url !== undefined) await ada.allow(url)
  const kept = readAnswer(
    await app.mcp('/mcp', {
      method: 'tools/call',
      params: { ...call, requestState, inputResponses: { consent: { action: 'accept' } } },
      capabilities: SHOWS_PAGES,
    }),
  )
  const found = await callTool(app, 'memory__search_nodes', { query: 'Lovelace' })
  return [
    {
      did: 'memory__create_entities, which Ada had not allowed',
      found:
        url === undefined
          ? 'was not asked about'
          : `she is asked at that moment: ${String(params['message'])}`,
      ok: url !== undefined,
    },
    {
      did: 'Ada allows it, and the same call goes on',
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
  'tool:files/write_file invalid_params',
  'tool:files/read_text_file ok',
  'tool:memory/create_entities input_required',
  'tool:memory/create_entities ok',
  'tool:memory/search_nodes ok',
]

async function respond({ app, text }: McpJourney): Promise<TourFact[]> {
  const records = await recordsOf(app, 'mcp', EXPECTED.length)
  const seen = records.map(({ capability, result }) => `${String(capability)} ${String(result)}`)
  const lines = records.map(
    ({ seq, capability, decision, result }) =>
      `${String(seq)} ${String(capability)} ${String(decision)} ${String(result)}`,
  )
  return [
    { did: 'the answer', found: `“${text}”`, ok: text.length > 0 },
    {
      did: 'the activity record',
      found: `${lines.join('; ')}. The request without a token reached nothing and left nothing here.`,
      ok: seen.join('\n') === EXPECTED.join('\n'),
    },
  ]
}

interface ToolAnswer {
  readonly ok: boolean
  readonly text: string
}

async function callTool(client: HubClient, name: string, args: Record<string, unknown>): Promise<ToolAnswer> {
  return readAnswer(await client.mcp('/mcp', { method: 'tools/call', params: { name, arguments: args } }))
}

function readAnswer({ result, error }: RpcResponse): ToolAnswer {
  if (!result) return { ok: false, text: error?.message ?? 'no answer' }
  const content = Array.isArray(result['content']) ? result['content'].filter(isObject) : []
  const text = content.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('\n')
  // A server that answers with structured content need not repeat it as text.
  return { ok: result['isError'] !== true, text: text || JSON.stringify(result['structuredContent'] ?? '') }
}
