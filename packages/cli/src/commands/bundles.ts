import type { ApiReply, BundleDetail, ToolSearchSettings } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns } from '../columns.ts'
import { listOf, textOf, type Answer, type Command, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'bundles list',
  'bundles show|remove NAME',
  'bundles add|change NAME CAPABILITY… [--title TEXT] [--rename TOOL=NAME] [--tool-search off|on|auto]',
]
const ACTIONS = { list: 0, show: 1, remove: 1, add: [2, 1001], change: [2, 1001] } as const

export const bundles: Command = {
  usage: USAGE,
  summary:
    'Selections of tools, prompts and resources over several servers, each with an endpoint of its own.',
  about: [
    'CAPABILITY is a name or its beginning: tool:github/create_issue, tool:github/*, prompt:tickets/*, resource:docs/*.',
    'A caller sees what is in the bundle and in its grant. `change` says everything anew.',
  ],
  options: {
    title: { type: 'string', value: 'TEXT', about: 'What people are shown; the name when absent.' },
    description: { type: 'string', value: 'TEXT', about: 'What it is for; clients get it as instructions.' },
    rename: {
      type: 'string',
      multiple: true,
      value: 'TOOL=NAME',
      about: 'Another name for one tool: tool:tickets/create_ticket=new_ticket.',
    },
    'tool-search': {
      type: 'string',
      value: 'off|on|auto',
      about: 'Whether clients search the tools in place of seeing all; auto: when there are many.',
    },
    pin: { type: 'string', multiple: true, value: 'TOOL', about: 'With --tool-search: listed all the same.' },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const [name = '', ...capabilities] = names
    const hub = given.hub()
    const path = `/api/bundles/${encodeURIComponent(name)}`
    if (action === 'list') return list(hub)
    if (action === 'show') return described((await hub.api('GET', path)) as BundleDetail)
    if (action === 'remove') {
      await given.confirm(`Remove the bundle ${name} and its endpoint?`)
      return { value: await hub.api('DELETE', path), text: `Removed ${name}.` }
    }
    const terms = readTerms(given, capabilities)
    const reply =
      action === 'add' ? hub.api('POST', '/api/bundles', { name, ...terms }) : hub.api('PUT', path, terms)
    return described((await reply) as BundleDetail)
  },
}

function readTerms(given: Given, capabilities: readonly string[]) {
  const title = textOf(given, 'title')
  const description = textOf(given, 'description')
  const mode = textOf(given, 'tool-search') as ToolSearchSettings['mode'] | undefined
  const pinned = listOf(given, 'pin')
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    capabilities,
    rename: Object.fromEntries(listOf(given, 'rename').map(readRename)),
    toolSearch: { ...(mode !== undefined && { mode }), ...(pinned.length > 0 && { pinned }) },
  }
}

function readRename(text: string): [string, string] {
  const at = text.lastIndexOf('=')
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)]
  throw new CliError('--rename takes TOOL=NAME.', { hint: '--rename tool:tickets/create_ticket=new_ticket' })
}

async function list(hub: HubClient): Promise<Answer> {
  const value = (await hub.api('GET', '/api/bundles')) as ApiReply<'listBundles'>
  const rows = value.bundles.map(({ name, servers, source, endpoint }) => [
    name,
    servers.join(',') || '-',
    source,
    endpoint,
  ])
  const none = "None. Add one: parley bundles add NAME 'tool:SERVER/*'"
  return { value, text: columns(rows) || none }
}

function described(bundle: BundleDetail): Answer {
  const { name, title, source, endpoint, toolSearch, members } = bundle
  const rows = members.map((member) => [`  ${member.name}`, member.capability])
  return {
    value: bundle,
    text: [
      `${name}${title === null ? '' : `  ${title}`}  (${source})`,
      `  endpoint ${endpoint}`,
      `  tool search ${toolSearch.mode}`,
      columns(rows) || '  Nothing that it names is there and approved.',
    ].join('\n'),
  }
}
