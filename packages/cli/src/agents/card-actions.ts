import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ApiBody, ApiReply, CardDetail } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { listOf, textOf, type Answer, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { describedCard, heldBack } from './describe-card.ts'

const DAY_MS = 86_400_000

export const cardPath = (name: string): string => `/api/cards/${encodeURIComponent(name)}`

/** The hub fetches an address itself; a file is here, and is sent. */
export async function addCard(given: Given, hub: HubClient, name: string): Promise<CardDetail> {
  const source = textOf(given, 'card')!
  const where = /^https?:/i.test(source) ? { url: source } : { card: readJson(given.directory, source) }
  const body = {
    name,
    ...where,
    allowHosts: listOf(given, 'allow-host'),
    public: given.values['public'] === true,
    pending: given.values['pending'] === true,
    ...oneOf('binding', textOf(given, 'binding')),
    ...oneOf('version', textOf(given, 'version')),
  }
  return (await hub.api('POST', '/api/cards', body)) as CardDetail
}

/** What is not said stays as it is; `any` gives the choice of binding or version back to the card. */
export async function setCard(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const hosts = listOf(given, 'allow-host')
  const body = {
    ...(hosts.length > 0 && { allowHosts: hosts.filter((host) => host !== 'none') }),
    ...oneOf('binding', textOf(given, 'binding')),
    ...oneOf('version', textOf(given, 'version')),
    ...(given.values['public'] === true && { public: true }),
    ...(given.values['private'] === true && { public: false }),
  }
  if (Object.keys(body).length === 0)
    throw new CliError('Say what to change.', {
      hint: '--allow-host HOST… | --binding NAME | --version V | --public | --private',
    })
  return describedCard((await hub.api('PATCH', cardPath(name), nulled(body))) as CardDetail)
}

export async function reviewCard(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const { approve, reject } = given.values
  if (approve === true && reject === true) throw new CliError('Say either --approve or --reject.')
  const seen = (await hub.api('GET', cardPath(name))) as CardDetail
  if (seen.reason === null) return { value: seen, text: 'Nothing is held back.' }
  if (approve !== true && reject !== true) {
    const text = [...heldBack(seen), '', 'Approve exactly this: add --approve. Refuse it: add --reject.']
    return { value: seen, text: text.join('\n') }
  }
  const body: ApiBody<'reviewCard'> = {
    hash: seen.hash ?? '',
    verdict: approve === true ? 'approve' : 'reject',
    allowHosts: [...listOf(given, 'allow-host')],
  }
  return describedCard((await hub.api('POST', `${cardPath(name)}/review`, body)) as CardDetail)
}

/** Shows the keys, or enrols those of a file, or takes one out. */
export async function cardKeys(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const file = textOf(given, 'add-keys')
  const kid = textOf(given, 'remove-key')
  const path = cardPath(name)
  if (file !== undefined) {
    const body = { jwks: readJson(given.directory, file), expiresAt: readExpiry(given) }
    return describedCard((await hub.api('POST', `${path}/keys`, body)) as CardDetail)
  }
  if (kid !== undefined) {
    await given.confirm(`Trust ${kid} no longer? A card that is signed with no other key is then not served.`)
    return describedCard((await hub.api('DELETE', `${path}/keys/${encodeURIComponent(kid)}`)) as CardDetail)
  }
  return describedCard((await hub.api('GET', path)) as CardDetail)
}

export async function testCard(hub: HubClient, name: string): Promise<Answer> {
  const value = (await hub.api('POST', `${cardPath(name)}/test`)) as ApiReply<'testCard'>
  const text = value.steps
    .map((one) => `${one.ok ? 'ok  ' : 'FAIL'} ${one.step}: ${one.detail} (${one.milliseconds} ms)`)
    .join('\n')
  return { value, text, ok: value.ok }
}

export async function searchAgents(given: Given, hub: HubClient, text: string): Promise<Answer> {
  const query = new URLSearchParams()
  if (text !== '') query.set('text', text)
  const filters = { skill: 'skill', tag: 'tag', 'input-mode': 'inputMode', 'output-mode': 'outputMode' }
  for (const [option, parameter] of Object.entries(filters)) {
    const value = textOf(given, option)
    if (value !== undefined) query.set(parameter, value)
  }
  const value = (await hub.api('GET', `/api/directory?${query}`)) as ApiReply<'searchAgents'>
  const lines = value.agents.flatMap(({ name, title, description, skills }) => [
    `${name}  ${title}: ${firstLine(description)}`,
    ...skills.map((skill) => `  ${skill.id}: ${firstLine(skill.description)}`),
  ])
  return { value, text: lines.join('\n') || 'No agent was found that you may ask.' }
}

function oneOf<name extends string>(name: name, value: string | undefined) {
  return value === undefined ? {} : { [name]: value }
}

function nulled(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, value === 'any' ? null : value]),
  )
}

function readJson(directory: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(resolve(directory, name), 'utf8'))
  } catch (cause) {
    throw new CliError(`${name} cannot be read as JSON.`, { cause })
  }
}

function readExpiry(given: Given): number | null {
  const days = textOf(given, 'days')
  if (days === undefined) return null
  if (/^[1-9]\d{0,4}$/.test(days)) return Date.now() + Number(days) * DAY_MS
  throw new CliError('--days takes a whole number from 1.', { hint: '--days 90' })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 120)
}
