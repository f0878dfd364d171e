import type { ApiReply, GrantDetail, GrantTerms, GrantView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns, when } from '../columns.ts'
import { listOf, textOf, type Answer, type Command, type Given } from '../command.ts'
import { findAgent, findApp, findGroup, findPerson } from '../find/find-named.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'grants list [--person WHO | --app APP | --agent AGENT | --group GROUP] [--ended]',
  'grants mine',
  'grants show|revoke GRANT',
  'grants add --person WHO | --group GROUP | --agent AGENT --allow PATTERN… [--days N] [--per-minute N]',
  'grants add --agent AGENT --own-card [--allow PATTERN…]',
  'grants change GRANT --allow PATTERN… [--days N] [--per-minute N]',
]
const ACTIONS = { list: 0, mine: 0, show: 1, revoke: 1, add: 0, change: 1 } as const

export const grants: Command = {
  usage: USAGE,
  summary: 'Who may use what: look at, entitle people, groups and agents, change, end.',
  about: [
    'A pattern is a capability or the beginning of some: tool:files/read_text_file, tool:files/*, *.',
    'The group `everyone` is entitled to everything until its grant is changed or ended.',
  ],
  options: {
    person: { type: 'string', value: 'WHO', about: 'The person who holds it, or in whose name it is used.' },
    app: { type: 'string', value: 'APP', about: 'With list: the app that holds it.' },
    agent: { type: 'string', value: 'AGENT', about: 'The agent that holds it.' },
    group: { type: 'string', value: 'GROUP', about: 'The group that holds it; `everyone` is one.' },
    ended: { type: 'boolean', about: 'With list: those that have ended too.' },
    allow: {
      type: 'string',
      multiple: true,
      value: 'PATTERN',
      about: 'With add and change: what it lets do.',
    },
    'own-card': {
      type: 'boolean',
      about: 'With add: the agent may send the hub its own card, to be asked by others.',
    },
    days: {
      type: 'string',
      value: 'N',
      about: 'With add and change: it ends after so many days. Default: never.',
    },
    'per-minute': {
      type: 'string',
      value: 'N',
      about: 'With add and change: at most so many calls a minute.',
    },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'list') return listed(hub, `/api/grants${await readFilter(given, hub)}`)
    if (action === 'mine') return listed(hub, '/api/me/grants')
    if (action === 'add') {
      const holder = await readHolder(given, hub)
      const body = { holder, terms: readTerms(given, audiencesOf(given, hub.url, holder)) }
      return changed((await hub.api('POST', '/api/grants', body)) as GrantView)
    }
    const path = `/api/grants/${encodeURIComponent(names[0]!)}`
    if (action === 'revoke') return revoke(given, hub, path)
    const detail = (await hub.api('GET', path)) as GrantDetail
    if (action === 'show') return described(detail)
    const { terms, version } = detail.grant
    const body = { terms: readTerms(given, terms.audiences), version }
    return changed((await hub.api('PUT', `${path}/terms`, body)) as GrantView)
  },
}

/** Where tokens of an agent's own are good: at all servers and agents, and for its card where it may send it. */
function audiencesOf(
  given: Given,
  url: string,
  { kind }: { readonly kind: string },
): GrantTerms['audiences'] {
  const everywhere = { [`${url}/mcp`]: ['mcp'], [`${url}/a2a`]: ['a2a'] }
  if (given.values['own-card'] !== true) return everywhere
  if (kind !== 'agent') throw new CliError('Only an agent has a card of its own.', { hint: '--agent NAME' })
  return { ...everywhere, [`${url}/api`]: ['hub:manage'] }
}

async function listed(hub: HubClient, path: string): Promise<Answer> {
  const all = await readPages<GrantView>(hub, path, 'grants')
  const rows = all.map((grant) => [grant.id, grant.kind, holderOf(grant), grant.state, allowed(grant.terms)])
  return { value: { grants: all }, text: columns(rows) || 'No grants.' }
}

async function readFilter(given: Given, hub: HubClient): Promise<string> {
  const query = new URLSearchParams()
  const [person, app, agent, group] = ['person', 'app', 'agent', 'group'].map((name) => textOf(given, name))
  if (person !== undefined) query.set('person', (await findPerson(hub, person)).id)
  if (app !== undefined) query.set('app', await findApp(hub, app))
  if (agent !== undefined) query.set('agent', await findAgent(hub, agent))
  if (group !== undefined) query.set('group', await findGroup(hub, group))
  if (given.values['ended'] === true) query.set('revoked', 'true')
  return query.size === 0 ? '' : `?${query}`
}

async function readHolder(given: Given, hub: HubClient): Promise<{ kind: string; id: string }> {
  const [person, agent, group] = ['person', 'agent', 'group'].map((name) => textOf(given, name))
  if (
    [person, agent, group].filter((name) => name !== undefined).length !== 1 ||
    textOf(given, 'app') !== undefined
  )
    throw new CliError('Say who is entitled: one of --person, --group and --agent.', {
      hint: "parley grants add --group everyone --allow 'tool:files/*'",
    })
  if (person !== undefined) return { kind: 'person', id: (await findPerson(hub, person)).id }
  if (agent !== undefined) return { kind: 'agent', id: await findAgent(hub, agent) }
  return { kind: 'group', id: await findGroup(hub, group!) }
}

const DAY_MS = 86_400_000

function readTerms(given: Given, audiences: GrantTerms['audiences']): GrantTerms {
  const allow = listOf(given, 'allow')
  if (allow.length === 0 && given.values['own-card'] !== true)
    throw new CliError('Say what it lets do.', {
      hint: "--allow 'tool:files/*', or --allow '*' for everything",
    })
  const days = readCount(given, 'days')
  const callsPerMinute = readCount(given, 'per-minute')
  return {
    audiences,
    capabilities: allow.map((capability) => ({ capability })),
    limits: callsPerMinute === undefined ? {} : { callsPerMinute },
    expiresAt: days === undefined ? null : Date.now() + days * DAY_MS,
  }
}

function readCount(given: Given, name: string): number | undefined {
  const text = textOf(given, name)
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new CliError(`--${name} takes a whole number from 1.`, { hint: `--${name} 30` })
}

async function revoke(given: Given, hub: HubClient, path: string): Promise<Answer> {
  await given.confirm('End this grant, and all that was passed on of it?')
  const value = (await hub.api('DELETE', path)) as ApiReply<'revokeGrant'>
  return { value, text: `Ended:\n${value.ended.join('\n')}` }
}

function changed(grant: GrantView): Answer {
  return { value: grant, text: `${grant.id}  ${holderOf(grant)} may use ${allowed(grant.terms)}` }
}

function described(detail: GrantDetail): Answer {
  const { grant, parents, delegations, covers } = detail
  const { limits, expiresAt } = grant.terms
  const rows = [
    ['grant', grant.id],
    ['kind', grant.kind],
    ['held by', holderOf(grant)],
    ['for', grant.person ?? 'itself'],
    ['state', grant.state],
    ['allows', allowed(grant.terms)],
    ['limits', JSON.stringify(limits)],
    ['until', expiresAt === null ? 'it is ended' : when(expiresAt)],
    ...parents.map((parent) => ['part of', `${parent.id} of ${holderOf(parent)}`]),
    ...delegations.map((child) => ['passed on', `${child.id} to ${holderOf(child)}`]),
    ...covers.map((capability) => ['covers now', capability]),
  ]
  return { value: detail, text: columns(rows) }
}

function holderOf({ holder, holderName }: GrantView): string {
  return `${holder.kind} ${holderName ?? holder.id}`
}

const RULES_SHOWN = 4

function allowed({ audiences, capabilities }: GrantTerms): string {
  const rules = capabilities.map(({ capability, where }) =>
    where ? `${capability} (with conditions)` : capability,
  )
  const names = [...Object.values(audiences).flat().filter(isOwnScope), ...rules]
  const more = names.length > RULES_SHOWN ? ` and ${names.length - RULES_SHOWN} more` : ''
  return `${names.slice(0, RULES_SHOWN).join(', ')}${more}` || 'nothing'
}

/** Neither the whole of a grant nor the name of a capability, which the rules say already. */
function isOwnScope(scope: string): boolean {
  return scope !== 'mcp' && scope !== '*' && !/^(?:tool|resource|template|prompt|skill):/.test(scope)
}
