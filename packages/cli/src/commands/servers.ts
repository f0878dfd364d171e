import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ServerTestView, ServerView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { listOf, textOf, type Answer, type Command, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'

interface Definition {
  kind: string
  name: string
  state: string
  hash: string
  reason: string | null
  findings: { rule: string; pointer: string; excerpt: string }[]
  diff: { pointer: string; before?: unknown; after?: unknown }[]
}

type ServerDetail = ServerView & { definitions: Definition[] }

const USAGE = [
  'servers list',
  'servers add NAME URL [--pending]',
  'servers add NAME URL --openapi FILE|URL [--tag TAG]… [--include OPERATION]… [--exclude OPERATION]… [--deprecated]',
  'servers document NAME FILE',
  'servers show|test|remove NAME',
  'servers review NAME [--approve]',
  'servers content NAME [--hidden flag|strip] [--secrets off|report|redact] [--personal …] [--output off|check]',
]

/** How many positionals each action takes, its own name included. */
const ACTIONS: Readonly<Record<string, number>> = {
  list: 1,
  add: 3,
  document: 3,
  show: 2,
  review: 2,
  content: 2,
  remove: 2,
  test: 2,
}

export const servers: Command = {
  usage: USAGE,
  summary: 'The MCP servers behind the hub: add, look at, try, review what changed, remove.',
  options: {
    openapi: {
      type: 'string',
      value: 'FILE|URL',
      about: 'With add: the OpenAPI document of a service that speaks no MCP; its operations become tools.',
    },
    tag: {
      type: 'string',
      multiple: true,
      value: 'TAG',
      about: 'With --openapi: only operations with this tag.',
    },
    include: {
      type: 'string',
      multiple: true,
      value: 'OPERATION',
      about: 'With --openapi: only this one, by operation id or "METHOD /path"; * stands for anything.',
    },
    exclude: { type: 'string', multiple: true, value: 'OPERATION', about: 'With --openapi: never this one.' },
    deprecated: { type: 'boolean', about: 'With --openapi: deprecated operations too.' },
    pending: { type: 'boolean', about: 'With add: hold its definitions back until they are reviewed.' },
    hidden: { type: 'string', value: 'flag|strip', about: 'With content: invisible text in definitions.' },
    secrets: {
      type: 'string',
      value: 'off|report|redact',
      about: 'With content: keys and tokens in results.',
    },
    personal: {
      type: 'string',
      value: 'off|report|redact',
      about: 'With content: personal data in results.',
    },
    output: { type: 'string', value: 'off|check', about: 'With content: results against outputSchema.' },
    approve: { type: 'boolean', about: 'With review: let through exactly what review shows.' },
  },
  async run(given) {
    const { values, positionals, hub } = given
    const [action = 'list', name = '', url = ''] = positionals
    const wanted = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (wanted === undefined || Math.max(positionals.length, 1) !== wanted)
      throw new CliError('That is not how it goes.', {
        hint: USAGE.map((line) => `  parley ${line}`).join('\n'),
      })
    const path = `/api/servers/${encodeURIComponent(name)}`
    if (action === 'list') return list(hub())
    if (action === 'add') {
      const body = { name, url, pending: values['pending'] === true, ...readOpenApi(given) }
      return described((await hub().api('POST', '/api/servers', body)) as ServerDetail)
    }
    if (action === 'document') {
      const document = readDocument(given.directory, url)
      return described((await hub().api('PUT', `${path}/document`, { document })) as ServerDetail)
    }
    if (action === 'show') return described((await hub().api('GET', path)) as ServerDetail)
    if (action === 'content') return content(hub(), path, values)
    if (action === 'review') return review(hub(), path, values['approve'] === true)
    if (action === 'remove') return { value: await hub().api('DELETE', path), text: `Removed ${name}.` }
    return test(hub(), path)
  },
}

/** The hub fetches a URL itself; a file is here, and is sent. */
function readOpenApi(given: Given) {
  const source = textOf(given, 'openapi')
  const selection = {
    ...nonEmpty('tags', listOf(given, 'tag')),
    ...nonEmpty('include', listOf(given, 'include')),
    ...nonEmpty('exclude', listOf(given, 'exclude')),
    ...(given.values['deprecated'] === true ? { deprecated: true } : {}),
  }
  if (source === undefined) {
    if (Object.keys(selection).length > 0)
      throw new CliError('Operations are chosen from an OpenAPI document.', {
        hint: 'Add --openapi FILE|URL.',
      })
    return {}
  }
  const document = /^https?:/i.test(source)
    ? { url: source }
    : { document: readDocument(given.directory, source) }
  return { openapi: { ...document, ...selection } }
}

function nonEmpty<name extends string>(name: name, list: readonly string[]) {
  return list.length > 0 ? { [name]: list } : {}
}

function readDocument(directory: string, name: string): string {
  try {
    return readFileSync(resolve(directory, name), 'utf8')
  } catch (cause) {
    throw new CliError(`The OpenAPI document ${name} cannot be read.`, { cause })
  }
}

async function list(hub: HubClient): Promise<Answer> {
  const value = (await hub.api('GET', '/api/servers')) as { servers: ServerView[] }
  const none = 'No servers yet. Add one: parley servers add NAME http://localhost:3000/mcp'
  return { value, text: value.servers.map(line).join('\n') || none }
}

async function review(hub: HubClient, path: string, approve: boolean): Promise<Answer> {
  const seen = (await hub.api('GET', path)) as ServerDetail
  const held = seen.definitions.filter((definition) => definition.state === 'quarantined')
  if (held.length === 0 && seen.state === 'approved') return { value: seen, text: 'Nothing is held back.' }
  if (!approve)
    return { value: seen, text: `${held.map(explain).join('\n')}\n\nApprove exactly these: add --approve` }
  const items = held.map(({ kind, name, hash }) => ({ kind, name, hash }))
  const value = (await hub.api('POST', `${path}/review`, { approve: items })) as ServerDetail
  return { value, text: `Approved ${items.length} definitions.\n${line(value)}` }
}

/** Shows the settings, or sets all of them anew: what is not said is as for all servers. */
async function content(hub: HubClient, path: string, values: Given['values']): Promise<Answer> {
  const said = SETTINGS.filter((name) => values[name] !== undefined).map((name) => [name, values[name]])
  const reply =
    said.length === 0
      ? hub.api('GET', path)
      : hub.api('PUT', `${path}/content`, Object.fromEntries(said) as unknown)
  const value = (await reply) as ServerDetail
  const lines = SETTINGS.map((name) => `  ${name.padEnd(8)}  ${value.content[name]}`)
  return { value, text: [value.name, ...lines].join('\n') }
}

const SETTINGS = ['hidden', 'secrets', 'personal', 'output'] as const

async function test(hub: HubClient, path: string): Promise<Answer> {
  const value = (await hub.api('POST', `${path}/test`)) as ServerTestView
  const text = value.steps
    .map((one) => `${one.ok ? 'ok  ' : 'FAIL'} ${one.step}: ${one.detail} (${one.milliseconds} ms)`)
    .join('\n')
  return { value, text, ok: value.ok }
}

function described(server: ServerDetail): Answer {
  const held = server.definitions.filter((definition) => definition.state === 'quarantined')
  const names = server.definitions
    .filter((definition) => definition.state === 'approved')
    .map(({ kind, name }) => `  ${kind} ${name}`)
  return {
    value: server,
    text: [line(server), `  endpoint ${server.endpoint}`, ...names, ...held.map(explain)].join('\n'),
  }
}

function line(server: ServerView): string {
  const { tools, prompts, quarantined } = server.counts
  const held = quarantined > 0 ? `, ${quarantined} held back (parley servers review ${server.name})` : ''
  const error = server.lastError === null ? '' : ` — ${server.lastError}`
  return `${server.name}  ${server.state}  ${server.health}  ${server.era ?? '?'}  ${tools} tools, ${prompts} prompts${held}${error}`
}

function explain(definition: Definition): string {
  const changes = definition.diff.map(
    ({ pointer, before, after }) => `    ${pointer}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  )
  const found = definition.findings.map(
    ({ rule, pointer, excerpt }) => `    ${pointer} ${rule}: ${JSON.stringify(excerpt)}`,
  )
  return [
    `  held back: ${definition.kind} ${definition.name} (${definition.reason ?? 'not approved'})`,
    ...found,
    ...changes,
  ].join('\n')
}
