import type { AddAppBody, ApiReply, AppView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns, when } from '../columns.ts'
import { listOf, type Answer, type Command, type Given } from '../command.ts'
import { findApp } from '../find/find-named.ts'
import { readPages } from '../find/read-pages.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'apps list',
  'apps add NAME --redirect URI… [--secret] [--native]',
  'apps show|suspend|reactivate|revoke|remove APP',
]
const ACTIONS = { list: 0, add: 1, show: 1, suspend: 1, reactivate: 1, revoke: 1, remove: 1 } as const

export const apps: Command = {
  usage: USAGE,
  summary: 'LLM apps that people let act for them: look at, add by hand, suspend, end what they were given.',
  about: [
    'APP is an id, a client_id or a name. Most apps come by themselves; what they may do, each person is asked.',
  ],
  options: {
    redirect: {
      type: 'string',
      multiple: true,
      value: 'URI',
      about: 'With add: where the app is called back.',
    },
    secret: { type: 'boolean', about: 'With add: a web app that keeps a secret; it is shown once.' },
    native: { type: 'boolean', about: "With add: an app on the person's machine, whose port changes." },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'list') {
      const all = await readPages<AppView>(hub, '/api/apps', 'apps')
      return { value: { apps: all }, text: columns(all.map(row)) || 'No apps yet. They come by themselves.' }
    }
    if (action === 'add') return add(given, names[0]!)
    const path = `/api/apps/${await findApp(hub, names[0]!)}`
    if (action === 'show') return described((await hub.api('GET', path)) as AppView)
    if (action === 'remove') {
      await given.confirm(`Remove the app ${names[0]!}, and end all that people let it do?`)
      return { value: await hub.api('DELETE', path), text: `Removed ${names[0]!}.` }
    }
    if (action === 'revoke') {
      await given.confirm(`End all that people let ${names[0]!} do?`)
      const value = (await hub.api('POST', `${path}/revoke`)) as ApiReply<'revokeApp'>
      return { value, text: `Ended ${value.ended.length} grants.` }
    }
    return described((await hub.api('POST', `${path}/${action}`)) as AppView)
  },
}

async function add(given: Given, name: string): Promise<Answer> {
  const redirectUris = listOf(given, 'redirect')
  if (redirectUris.length === 0)
    throw new CliError('Say where the app is called back.', {
      hint: `parley apps add ${JSON.stringify(name)} --redirect https://app.example/callback`,
    })
  const body: AddAppBody = {
    name,
    redirectUris: [...redirectUris],
    ...(given.values['secret'] === true ? { authMethod: 'client_secret_basic' } : {}),
    ...(given.values['native'] === true ? { applicationType: 'native' } : {}),
  }
  const value = (await given.hub().api('POST', '/api/apps', body)) as ApiReply<'addApp'>
  const secret = value.secret === null ? '' : `\nclient_secret ${value.secret}\nIt is not shown again.`
  return { value, text: `Added ${name}.\nclient_id ${value.app.clientId}${secret}` }
}

function row({ name, verifiedHost, source, state, lastUsedAt, id }: AppView): string[] {
  return [
    name,
    verifiedHost ?? (source === 'static' ? 'entered here' : 'unverified'),
    source,
    state,
    `used ${when(lastUsedAt)}`,
    id,
  ]
}

function described(app: AppView): Answer {
  const text = columns([
    ['app', app.name],
    ['id', app.id],
    ['client_id', app.clientId],
    ['vouched by', app.verifiedHost ?? (app.source === 'static' ? 'this hub' : 'nobody')],
    ['state', app.state],
    ['redirects', app.redirectUris.join(' ')],
    ['proves by', app.authMethod],
    ['last used', when(app.lastUsedAt)],
  ])
  return { value: app, text }
}
