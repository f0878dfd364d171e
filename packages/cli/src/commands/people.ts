import type { ApiReply, InvitationView, OneTimeLinkView, PersonView } from '@parley/contract'
import { columns, when } from '../columns.ts'
import { listOf, type Answer, type Command, type Given } from '../command.ts'
import { findGroup, findPerson } from '../find/find-named.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'people list',
  'people invite EMAIL [--role ROLE]… [--group GROUP]…',
  'people invitations | withdraw INVITATION',
  'people show|suspend|reactivate|remove WHO',
  'people roles WHO ROLE…',
  'people reset WHO [--drop-factors]',
  'people sessions WHO | sign-out WHO SESSION',
]

const ACTIONS = {
  list: 0,
  invite: 1,
  invitations: 0,
  withdraw: 1,
  show: 1,
  suspend: 1,
  reactivate: 1,
  remove: 1,
  roles: [2, 5],
  reset: 1,
  sessions: 1,
  'sign-out': 2,
} as const

export const people: Command = {
  usage: USAGE,
  summary: 'Who has an account: invite, roles, suspend, help back in, sign out, remove.',
  about: ['WHO is an email address or an id. Roles are admin, operator, auditor and member.'],
  options: {
    role: {
      type: 'string',
      multiple: true,
      value: 'ROLE',
      about: 'With invite: what the person may manage. Default: member.',
    },
    group: { type: 'string', multiple: true, value: 'GROUP', about: 'With invite: a group to join.' },
    'drop-factors': {
      type: 'boolean',
      about: 'With reset: passkeys, authenticator app and recovery codes are taken away too.',
    },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'list') return list(hub)
    if (action === 'invite') return invite(given, hub, names[0]!)
    if (action === 'invitations') return invitations(hub)
    if (action === 'withdraw') {
      const value = await hub.api('DELETE', `/api/invitations/${encodeURIComponent(names[0]!)}`)
      return { value, text: 'The invitation is withdrawn.' }
    }
    return withPerson(given, { hub, action, names, person: await findPerson(hub, names[0]!) })
  },
}

interface Chosen {
  readonly hub: HubClient
  readonly action: Exclude<keyof typeof ACTIONS, 'list' | 'invite' | 'invitations' | 'withdraw'>
  readonly names: readonly string[]
  readonly person: { readonly id: string; readonly label: string }
}

async function withPerson(given: Given, { hub, action, names, person }: Chosen): Promise<Answer> {
  const path = `/api/people/${person.id}`
  if (action === 'show') return described((await hub.api('GET', path)) as PersonView)
  if (action === 'roles')
    return described((await hub.api('PUT', `${path}/roles`, { roles: names.slice(1) })) as PersonView)
  if (action === 'reset') {
    const dropFactors = given.values['drop-factors'] === true
    if (dropFactors) await given.confirm(`Take all second factors of ${person.label} away?`)
    return shown((await hub.api('POST', `${path}/reset`, { dropFactors })) as OneTimeLinkView)
  }
  if (action === 'sessions') return sessions(hub, path)
  if (action === 'sign-out') {
    const value = await hub.api('DELETE', `${path}/sessions/${encodeURIComponent(names[1]!)}`)
    return { value, text: `${person.label} is signed out there.` }
  }
  if (action === 'remove') {
    await given.confirm(`Delete the account of ${person.label} for good?`)
    return { value: await hub.api('DELETE', path), text: `Removed ${person.label}.` }
  }
  return described((await hub.api('POST', `${path}/${action}`)) as PersonView)
}

async function list(hub: HubClient): Promise<Answer> {
  const all = await readPages<PersonView>(hub, '/api/people', 'people')
  const none =
    'Nobody has an account yet. The hub printed a setup link at its start; others: parley people invite EMAIL'
  return { value: { people: all }, text: columns(all.map(row)) || none }
}

function row({ email, name, roles, groups, state }: PersonView): string[] {
  return [email, name, roles.join(','), state, groups.map((group) => group.name).join(', ')]
}

function described(person: PersonView): Answer {
  const { id, email, name, roles, groups, state, createdAt } = person
  const text = columns([
    ['person', `${name} <${email}>`],
    ['id', id],
    ['state', state],
    ['roles', roles.join(', ')],
    ['groups', groups.map((group) => group.name).join(', ') || 'none'],
    ['since', when(createdAt)],
  ])
  return { value: person, text }
}

async function invite(given: Given, hub: HubClient, email: string): Promise<Answer> {
  const roles = listOf(given, 'role')
  const groups: string[] = []
  for (const name of listOf(given, 'group')) groups.push(await findGroup(hub, name))
  const body = { email, groups, ...(roles.length > 0 ? { roles } : {}) }
  return shown((await hub.api('POST', '/api/invitations', body)) as OneTimeLinkView)
}

/** The link is a secret until it is used. */
function shown(link: OneTimeLinkView): Answer {
  return {
    value: link,
    text: `Give this link to the person. It works once, until ${when(link.expiresAt)} UTC:\n${link.url}`,
  }
}

async function invitations(hub: HubClient): Promise<Answer> {
  const value = (await hub.api('GET', '/api/invitations')) as ApiReply<'listInvitations'>
  const rows = value.invitations.map(({ id, email, roles, expiresAt }: InvitationView) => [
    id,
    email,
    roles.join(','),
    `until ${when(expiresAt)}`,
  ])
  return { value, text: columns(rows) || 'No invitation is open. Make one: parley people invite EMAIL' }
}

async function sessions(hub: HubClient, path: string): Promise<Answer> {
  const value = (await hub.api('GET', `${path}/sessions`)) as ApiReply<'listPersonSessions'>
  const rows = value.sessions.map(({ id, browser, lastUsedAt }) => [
    id,
    browser,
    `last used ${when(lastUsedAt)}`,
  ])
  return { value, text: columns(rows) || 'Signed in nowhere.' }
}
