import type { AgentConnections, AgentConnectionView } from '@parley/contract'
import { columns, when } from '../columns.ts'
import { listOf, textOf, type Answer, type Given } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { cardPath } from './card-actions.ts'

/** Without --header one secret is asked for, and the hub puts it where the agent's card wants it. */
export async function connectAgent(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const path = pathOf(given, name)
  const names = listOf(given, 'header')
  const account = textOf(given, 'account')
  const body = {
    ...(names.length === 0
      ? { secret: await given.readSecret(question((await hub.api('GET', path)) as AgentConnections)) }
      : { headers: await readHeaders(given, names) }),
    ...(account !== undefined && { account }),
  }
  const value = (await hub.api('PUT', path, body)) as AgentConnectionView
  return { value, text: columns([row(value)]) }
}

export async function disconnectAgent(given: Given, hub: HubClient, name: string): Promise<Answer> {
  await given.confirm(`End the connection to ${name}?`)
  return { value: await hub.api('DELETE', pathOf(given, name)), text: `Disconnected ${name}.` }
}

export async function showConnections(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const value = (await hub.api('GET', pathOf(given, name))) as AgentConnections
  const ways = value.asks.map((way) => way.map(({ scheme, kind }) => `${scheme} (${kind})`).join(' and '))
  const asks = `${name} asks for ${ways.join(', or ') || 'nothing'}.`
  return { value, text: [asks, columns(value.connections.map(row)) || 'No connections.'].join('\n') }
}

function pathOf(given: Given, name: string): string {
  const mine = given.values['own'] === true
  return mine ? `/api/me/agents/${encodeURIComponent(name)}/connection` : `${cardPath(name)}/connection`
}

async function readHeaders(
  given: Given,
  names: readonly string[],
): Promise<{ name: string; value: string }[]> {
  const headers: { name: string; value: string }[] = []
  for (const name of names) headers.push({ name, value: await given.readSecret(`${name}: `) })
  return headers
}

function question({ asks }: AgentConnections): string {
  const kind = asks.find((way) => way.length === 1 && way[0]!.kind !== 'unusable')?.[0]?.kind
  if (kind === 'basic') return 'user:password: '
  return kind === 'key' || kind === 'cookie' ? 'Key: ' : 'Token: '
}

function row({ agent, person, account, state, usedAt, id }: AgentConnectionView): string[] {
  return [agent, person ?? 'shared', state, account ?? '-', `used ${when(usedAt)}`, id]
}
