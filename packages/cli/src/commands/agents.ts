import type { AgentDetail, CardDetail } from '@parley/contract'
import {
  addCard,
  cardKeys,
  cardPath,
  reviewCard,
  searchAgents,
  setCard,
  testCard,
} from '../agents/card-actions.ts'
import { connectAgent, disconnectAgent, showConnections } from '../agents/connection-actions.ts'
import { cardText, describedCard, standingOf } from '../agents/describe-card.ts'
import { findBoth, readBoth } from '../agents/find-both.ts'
import { addIdentity, changeState, identityText, rotateKeys } from '../agents/identity-actions.ts'
import { columns, when } from '../columns.ts'
import { textOf, type Answer, type Command, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'agents list',
  'agents add NAME --card URL|FILE [--allow-host HOST]… [--binding NAME] [--version V] [--public] [--pending] [--identity]',
  'agents add NAME [--owner WHO] [--secret] [--out FILE]',
  'agents search [TEXT] [--skill SKILL] [--tag TAG] [--input-mode TYPE] [--output-mode TYPE]',
  'agents show|test|refresh|remove NAME',
  'agents review NAME [--approve [--allow-host HOST]… | --reject]',
  'agents change NAME [--allow-host HOST]… [--binding NAME|any] [--version V|any] [--public | --private]',
  'agents keys NAME [--add-keys FILE [--days N] | --remove-key KID]',
  'agents connections NAME [--own]',
  'agents connect NAME [--header HEADER]… [--own] [--account WORDS]',
  'agents disconnect NAME [--own]',
  'agents rotate AGENT [--grace SECONDS] [--secret] [--out FILE]',
  'agents suspend|reactivate|retire AGENT',
]
const ACTIONS = {
  list: 0,
  add: 1,
  search: [0, 1],
  show: 1,
  test: 1,
  refresh: 1,
  remove: 1,
  review: 1,
  change: 1,
  keys: 1,
  connections: 1,
  connect: 1,
  disconnect: 1,
  rotate: 1,
  suspend: 1,
  reactivate: 1,
  retire: 1,
} as const

export const agents: Command = {
  usage: USAGE,
  summary: 'Agents: those that can be asked, by their cards, and those with an identity of their own here.',
  about: [
    'With --card an agent can be asked; without, it gets an identity: a key that is shown once and kept nowhere.',
    'connect gives what the agent asks for, typed unseen or piped in; it is sealed and goes with calls to it alone.',
    'What has the same name is the same agent. What an agent may do: parley grants add --agent NAME',
  ],
  options: {
    card: {
      type: 'string',
      value: 'URL|FILE',
      about: 'With add: where its card is, or where the agent is; or a file with the card.',
    },
    'allow-host': {
      type: 'string',
      multiple: true,
      value: 'HOST',
      about:
        'A host and port where its interfaces may be, beside the origin of its card; `none` takes all back.',
    },
    binding: { type: 'string', value: 'NAME', about: 'Which interface to use: JSONRPC, HTTP+JSON or GRPC.' },
    version: { type: 'string', value: 'V', about: 'Which version of A2A to use: 1.0 or 0.3.' },
    public: { type: 'boolean', about: 'Its card at the hub is shown to those without a credential too.' },
    private: { type: 'boolean', about: 'With change: its card is shown to those alone who may ask it.' },
    pending: { type: 'boolean', about: 'With add: hold its card back until it is reviewed.' },
    identity: { type: 'boolean', about: 'With --card: give it an identity here too.' },
    approve: { type: 'boolean', about: 'With review: let through exactly what review shows.' },
    reject: { type: 'boolean', about: 'With review: refuse what review shows.' },
    skill: { type: 'string', value: 'SKILL', about: 'With search: only agents with this skill.' },
    tag: { type: 'string', value: 'TAG', about: 'With search: only skills with this tag.' },
    'input-mode': {
      type: 'string',
      value: 'TYPE',
      about: 'With search: only skills that take this media type.',
    },
    'output-mode': {
      type: 'string',
      value: 'TYPE',
      about: 'With search: only skills that give this media type.',
    },
    'add-keys': {
      type: 'string',
      value: 'FILE',
      about: 'With keys: a JWK Set of public keys; the card must then be signed with one that is enrolled.',
    },
    'remove-key': { type: 'string', value: 'KID', about: 'With keys: trust this key no longer.' },
    days: {
      type: 'string',
      value: 'N',
      about: 'With --add-keys: they end after so many days. Default: never.',
    },
    own: { type: 'boolean', about: 'Your own connection instead of the shared one.' },
    header: {
      type: 'string',
      multiple: true,
      value: 'HEADER',
      about: 'With connect: a header that carries a secret, where the card does not say it.',
    },
    account: { type: 'string', value: 'WORDS', about: 'With connect: which account it is, for people.' },
    owner: { type: 'string', value: 'WHO', about: 'With add: the person who answers for it.' },
    secret: { type: 'boolean', about: 'A secret instead of a key pair.' },
    out: {
      type: 'string',
      value: 'FILE',
      about: 'Writes the key or secret to a new file that only you can read.',
    },
    grace: {
      type: 'string',
      value: 'SECONDS',
      about: 'With rotate: how long the old key goes on. Default: 3600.',
    },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    const name = names[0] ?? ''
    switch (action) {
      case 'list':
        return list(hub)
      case 'add':
        return add(given, hub, name)
      case 'search':
        return searchAgents(given, hub, name)
      case 'show':
        return show(hub, name)
      case 'test':
        return testCard(hub, name)
      case 'refresh':
        return describedCard((await hub.api('POST', `${cardPath(name)}/refresh`)) as CardDetail)
      case 'remove':
        return remove(given, hub, name)
      case 'review':
        return reviewCard(given, hub, name)
      case 'change':
        return setCard(given, hub, name)
      case 'keys':
        return cardKeys(given, hub, name)
      case 'connections':
        return showConnections(given, hub, name)
      case 'connect':
        return connectAgent(given, hub, name)
      case 'disconnect':
        return disconnectAgent(given, hub, name)
      case 'rotate':
        return rotateKeys(given, hub, name)
      default:
        return changeState(given, hub, { action, named: name })
    }
  },
}

async function list(hub: HubClient): Promise<Answer> {
  const all = await readBoth(hub)
  const rows = all.map(({ name, identity, card }) => [
    name,
    card ? standingOf(card) : 'no card',
    card?.interface ? `${card.interface.protocolBinding} ${card.interface.protocolVersion}` : '-',
    card ? `${card.skills} skills` : '-',
    identity ? `${identity.state}, used ${when(identity.lastUsedAt)}` : 'no identity',
    identity?.id ?? card?.cardUrl ?? '',
  ])
  const none = 'No agents yet. Add one: parley agents add NAME --card https://agent.example'
  return { value: { agents: all }, text: columns(rows) || none }
}

async function add(given: Given, hub: HubClient, name: string): Promise<Answer> {
  if (textOf(given, 'card') === undefined) return addIdentity(given, hub, name)
  const card = await addCard(given, hub, name)
  if (given.values['identity'] !== true) return describedCard(card)
  const identity = await addIdentity(given, hub, name)
  return { value: { card, identity: identity.value }, text: `${cardText(card)}\n\n${identity.text}` }
}

async function show(hub: HubClient, named: string): Promise<Answer> {
  const { name, identity, card } = await findBoth(hub, named)
  const detail = identity && ((await hub.api('GET', `/api/agents/${identity.id}`)) as AgentDetail)
  const shown = card && ((await hub.api('GET', cardPath(name))) as CardDetail)
  const texts = [...(shown ? [cardText(shown)] : []), ...(detail ? [identityText(detail)] : [])]
  return { value: { name, identity: detail ?? null, card: shown ?? null }, text: texts.join('\n\n') }
}

async function remove(given: Given, hub: HubClient, name: string): Promise<Answer> {
  await given.confirm(`Let ${name} be asked no more, and forget what of it was approved?`)
  return { value: await hub.api('DELETE', cardPath(name)), text: `${name} can be asked no more.` }
}
