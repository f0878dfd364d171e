import { ParleyError, type AgentConnectionView, type PersonId } from '@parley/contract'
import type { Access } from '../access/index.ts'
import { headersOfSecret, readRequirements, type AgentScheme } from '../a2a-client/index.ts'
import type { AgentEntry, ManagedDirectory } from '../directory/index.ts'
import type { Clock } from '../lib/clock.ts'
import { checkCredentialHeaders, stateOf, type Actor, type Connection, type Vault } from '../vault/index.ts'
import { actorOf } from './connection-desk.ts'
import type { ApiHandlers } from './handlers.ts'
import { meOf } from './me-handlers.ts'

export interface AgentConnectionTools {
  readonly agentVault: Vault
  /** Undefined where the authorization server runs alone. */
  readonly directory: ManagedDirectory | undefined
  readonly access: Pick<Access, 'isEntitled'>
  readonly clock: Clock
}

interface Given {
  readonly secret?: string | undefined
  readonly headers?: readonly { readonly name: string; readonly value: string }[] | undefined
  readonly account?: string | undefined
}

/** Connections to agents: the shared ones, and a person's own. A secret goes in, and never out again. */
export function agentConnectionHandlers(tools: AgentConnectionTools) {
  const { agentVault: vault, directory, access } = tools
  const view = (connection: Connection) => viewOf(connection, tools.clock.now())

  /** An agent that is not for this person is not found; without one it is any that is served. */
  function entryOf(name: string, person?: PersonId): AgentEntry {
    const entry = directory?.entry(name)
    const isTheirs =
      person === undefined ||
      entry?.skills.some(({ id }) => access.isEntitled(person, `skill:${name}/${id}`)) === true
    if (entry && isTheirs) return entry
    throw new ParleyError('not_found', `There is no agent "${name}" that can be asked.`)
  }

  function save(entry: AgentEntry, person: PersonId | null, given: Given, by: Actor): Promise<Connection> {
    const headers = headersOf(entry, given)
    const what = {
      kind: 'headers',
      issuer: null,
      account: given.account ?? null,
      secret: { headers },
    } as const
    return vault.save({ server: entry.name, person, ...what, expiresAt: null, renews: false }, by)
  }

  async function remove(name: string, owner: PersonId | null, by: Actor) {
    const connection = vault.of(name, owner)
    if (!connection) throw new ParleyError('not_found', `There is no such connection to "${name}".`)
    await vault.remove(connection.id, by)
    return { removed: connection.id }
  }

  return {
    showAgentConnections: async ({ parameters: { name } }) => ({
      asks: asksOf(entryOf(name)),
      connections: vault
        .list()
        .filter(({ server }) => server === name)
        .map(view),
    }),
    setAgentConnection: async ({ parameters: { name }, body, principal }) =>
      view(await save(entryOf(name), null, body, actorOf(principal))),
    removeAgentConnection: ({ parameters: { name }, principal }) => remove(name, null, actorOf(principal)),
    showMyAgentConnection: async ({ parameters: { name }, principal }) => {
      const person = meOf(principal)
      const mine = vault.of(name, person)
      return { asks: asksOf(entryOf(name, person)), connections: mine ? [view(mine)] : [] }
    },
    setMyAgentConnection: async ({ parameters: { name }, body, principal }) => {
      const person = meOf(principal)
      return view(await save(entryOf(name, person), person, body, actorOf(principal)))
    },
    removeMyAgentConnection: ({ parameters: { name }, principal }) =>
      remove(name, meOf(principal), actorOf(principal)),
  } satisfies Partial<ApiHandlers>
}

function viewOf(connection: Connection, now: number): AgentConnectionView {
  const { id, server: agent, person, account, createdAt, usedAt } = connection
  return { id, agent, person, account, state: stateOf(connection, now), createdAt, usedAt }
}

function asksOf({ card }: AgentEntry) {
  return readRequirements(card).map((way) =>
    way.map(({ name, scheme }) => ({ scheme: name, kind: scheme.kind })),
  )
}

function headersOf(entry: AgentEntry, { secret, headers }: Given): Readonly<Record<string, string>> {
  if ((secret === undefined) === (headers === undefined))
    throw new ParleyError('invalid_params', 'Give either a secret, or headers with theirs.')
  if (headers) return checkCredentialHeaders(headers)
  const placed = headersOfSecret(schemeFor(entry), secret!)
  if (placed) return placed
  throw new ParleyError('invalid_params', 'The secret cannot be sent in the place where the agent wants it.')
}

/** Where one secret goes: to the first way of the card that wants no more than one. */
function schemeFor({ name, card }: AgentEntry): AgentScheme {
  const ways = readRequirements(card).filter((way) => way.length > 0)
  if (ways.length === 0) return { kind: 'bearer' }
  const way = ways.find(([first, ...more]) => first?.scheme.kind !== 'unusable' && more.length === 0)
  if (way) return way[0]!.scheme
  throw new ParleyError(
    'invalid_params',
    `"${name}" asks for more than one secret, or for something that Parley does not offer; give the headers themselves.`,
  )
}
