import type { ApiReply, ConnectionView, ServerTestView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns, when } from '../columns.ts'
import { listOf, textOf, type Answer, type Command, type Given } from '../command.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'connections list [--own]',
  'connections add SERVER (--bearer | --header NAME…) [--own] [--account WORDS]',
  'connections show CONNECTION',
  'connections test|remove CONNECTION [--own]',
  'connections rule SERVER shared|own|either',
  'connections client SERVER CLIENT_ID [--client-secret] [--issuer URL]',
  'connections forget-client SERVER',
]
const ACTIONS = {
  list: 0,
  add: 1,
  show: 1,
  test: 1,
  remove: 1,
  rule: 2,
  client: 2,
  'forget-client': 1,
} as const

export const connections: Command = {
  usage: USAGE,
  summary: 'Credentials for servers that want one: set, try, end.',
  about: [
    'A secret is typed unseen or piped in, one line for each header; it is sealed and never shown again.',
    'A shared connection serves all who may call the server; your own, with --own, serves your calls alone.',
    'A server with a sign-in of its own is connected in the browser, at /account/connections of the hub.',
    'client enters the client_id of this hub where the authorization server of a server lets nobody register itself.',
    'rule says whose a call takes. With own, the shared one only reads the definitions.',
  ],
  options: {
    own: { type: 'boolean', about: 'Your own connections instead of the shared ones.' },
    bearer: { type: 'boolean', about: 'With add: a token, sent as Authorization: Bearer.' },
    header: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      about: 'With add: a header that carries a secret, such as X-Api-Key.',
    },
    'client-secret': { type: 'boolean', about: 'With client: there is a secret too; it is typed unseen.' },
    issuer: {
      type: 'string',
      value: 'URL',
      about: 'With client: the authorization server that it is for, where the server names several.',
    },
    account: { type: 'string', value: 'WORDS', about: 'With add: which account it is, for people.' },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const [named = '', rule = ''] = names
    const base = given.values['own'] === true ? '/api/me/connections' : '/api/connections'
    const path = `${base}/${encodeURIComponent(named)}`
    switch (action) {
      case 'list':
        return list(given.hub(), base)
      case 'add':
        return add(given, base, named)
      case 'show':
        return described(
          (await given.hub().api('GET', `/api/connections/${encodeURIComponent(named)}`)) as ConnectionView,
        )
      case 'test':
        return test(given.hub(), path)
      case 'remove':
        await given.confirm(`End the connection ${named}, and what runs with it?`)
        return { value: await given.hub().api('DELETE', path), text: `Removed ${named}.` }
      case 'rule':
        return setRule(given.hub(), named, rule)
      case 'client':
        return enterClient(given, named, rule)
      case 'forget-client':
        return forgetClient(given, named)
    }
  },
}

async function list(hub: HubClient, base: string): Promise<Answer> {
  const all = await readPages<ConnectionView>(hub, base, 'connections')
  const { rules = [] } = (await hub.api('GET', base)) as Partial<ApiReply<'listConnections'>>
  const lines = rules.map(({ server, owner }) => `Calls to ${server} take: ${owner}`)
  const value = { connections: all, ...(rules.length > 0 && { rules }) }
  return { value, text: [columns(all.map(row)) || 'None.', ...lines].join('\n') }
}

async function add(given: Given, base: string, server: string): Promise<Answer> {
  const names = listOf(given, 'header')
  const bearer = given.values['bearer'] === true
  if (!bearer && names.length === 0)
    throw new CliError('Say what carries the secret.', { hint: '--bearer, or --header X-Api-Key' })
  const headers: { name: string; value: string }[] = []
  if (bearer) headers.push({ name: 'Authorization', value: `Bearer ${await given.readSecret('Token: ')}` })
  for (const name of names) headers.push({ name, value: await given.readSecret(`${name}: `) })
  const account = textOf(given, 'account')
  const body = { server, headers, ...(account !== undefined && { account }) }
  return described((await given.hub().api('POST', base, body)) as ConnectionView)
}

async function test(hub: HubClient, path: string): Promise<Answer> {
  const value = (await hub.api('POST', `${path}/test`)) as ServerTestView
  const lines = value.steps.map(({ ok, step, detail }) => `${ok ? 'ok  ' : 'FAIL'} ${step}: ${detail}`)
  return { value, text: lines.join('\n'), ok: value.ok }
}

async function setRule(hub: HubClient, server: string, owner: string): Promise<Answer> {
  const path = `/api/servers/${encodeURIComponent(server)}/connections`
  const value = (await hub.api('PUT', path, { owner })) as ApiReply<'setConnectionRule'>
  return { value, text: `Calls to ${value.server} take: ${value.owner}` }
}

async function enterClient(given: Given, server: string, clientId: string): Promise<Answer> {
  const issuer = textOf(given, 'issuer')
  const hasSecret = given.values['client-secret'] === true
  const body = {
    clientId,
    ...(hasSecret && { clientSecret: await given.readSecret('Client secret: ') }),
    ...(issuer !== undefined && { issuer }),
  }
  const value = (await given.hub().api('PUT', clientPath(server), body)) as ApiReply<'giveServerClient'>
  const text = `${server} is signed in to as ${value.clientId} at ${value.issuer}.\nIt has to know the redirect URI ${value.redirectUri}`
  return { value, text }
}

async function forgetClient(given: Given, server: string): Promise<Answer> {
  return {
    value: await given.hub().api('DELETE', clientPath(server)),
    text: `Forgot the client of ${server}.`,
  }
}

function clientPath(server: string): string {
  return `/api/servers/${encodeURIComponent(server)}/client`
}

function described(value: ConnectionView): Answer {
  return { value, text: columns([row(value)]) }
}

function row({ id, server, person, kind, account, state, usedAt }: ConnectionView): string[] {
  return [server, person ?? 'shared', kind, state, account ?? '-', `used ${when(usedAt)}`, id]
}
