import type { ApiReply, ResourceView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns } from '../columns.ts'
import { listOf, type Answer, type Command, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = ['resources list', "resources add URL NAME --scope 'SCOPE=WORDS'…", 'resources remove RESOURCE']
const ACTIONS = { list: 0, add: 2, remove: 1 } as const

export const resources: Command = {
  usage: USAGE,
  summary: 'Servers outside the hub that trust its tokens.',
  about: ['RESOURCE is a URL or an id. What parley.yaml declares is taken out there.'],
  options: {
    scope: {
      type: 'string',
      multiple: true,
      value: "'SCOPE=WORDS'",
      about: 'With add: a scope, and what it allows in words for people.',
    },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    const [named = '', name = ''] = names
    if (action === 'list') return list(hub)
    if (action === 'add') {
      const body = { resource: named, name, scopes: readScopes(given) }
      const value = (await hub.api('POST', '/api/resources', body)) as ResourceView
      return { value, text: `Tokens may now be for ${value.resource}.` }
    }
    const { resources: all } = (await hub.api('GET', '/api/resources')) as ApiReply<'listResources'>
    const found = all.find(({ id, resource }) => id === named || resource === named)
    if (!found)
      throw new CliError(`There is no resource ${named}.`, { code: 'not_found', hint: 'parley resources' })
    if (found.id === null)
      throw new CliError(`${found.resource} stands in parley.yaml; take it out there.`, { code: 'conflict' })
    await given.confirm(`Give no more tokens for ${found.resource}?`)
    return {
      value: await hub.api('DELETE', `/api/resources/${found.id}`),
      text: `Removed ${found.resource}.`,
    }
  },
}

async function list(hub: HubClient): Promise<Answer> {
  const value = (await hub.api('GET', '/api/resources')) as ApiReply<'listResources'>
  const rows = value.resources.map(({ resource, name, scopes, source }) => [
    resource,
    name,
    Object.keys(scopes).join(','),
    source,
  ])
  return { value, text: columns(rows) || 'None. Tokens are for this hub alone.' }
}

function readScopes(given: Given): Record<string, string> {
  const scopes: Record<string, string> = {}
  for (const text of listOf(given, 'scope')) {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1)
      throw new CliError("--scope takes 'SCOPE=WORDS'.", { hint: "--scope 'notes:read=Read your notes'" })
    scopes[text.slice(0, at)] = text.slice(at + 1)
  }
  if (Object.keys(scopes).length > 0) return scopes
  throw new CliError('Name at least one scope.', { hint: "--scope 'notes:read=Read your notes'" })
}
