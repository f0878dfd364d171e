import type { AgentView, ApiReply, CardView } from '@parley/contract'
import { suggestWord } from '@parley/contract/suggest-word'
import { CliError } from '../cli-error.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'

/** An agent by its name: who it is here, and what it can be asked. At least one of them is there. */
export interface BothSides {
  readonly name: string
  readonly identity: AgentView | undefined
  readonly card: CardView | undefined
}

/** All agents, by name. */
export async function readBoth(hub: HubClient): Promise<readonly BothSides[]> {
  const [identities, { cards }] = await Promise.all([
    readPages<AgentView>(hub, '/api/agents', 'agents'),
    hub.api('GET', '/api/cards') as Promise<ApiReply<'listCards'>>,
  ])
  const names = new Set([...identities, ...cards].map(({ name }) => name))
  return [...names].toSorted().map((name) => ({
    name,
    identity: identities.find((one) => one.name === name),
    card: cards.find((one) => one.name === name),
  }))
}

/** One agent by name, or by the id of its identity. */
export async function findBoth(hub: HubClient, named: string): Promise<BothSides> {
  const all = await readBoth(hub)
  const found = all.find(({ name, identity }) => name === named || identity?.id === named)
  if (found) return found
  const near = suggestWord(
    named,
    all.map(({ name }) => name),
  )
  throw new CliError(`There is no agent ${JSON.stringify(named)}.`, {
    code: 'not_found',
    hint: near === undefined ? 'parley agents lists them.' : `Did you mean ${near}?`,
  })
}
