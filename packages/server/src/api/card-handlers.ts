import { ParleyError, type CardDetail, type CardView, type Principal } from '@parley/contract'
import type { Access } from '../access/index.ts'
import { describeAgents, type ManagedDirectory, type ServedAgent, type Visible } from '../directory/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { nameOfSelf } from './name-of-self.ts'
import type { Clients } from '../clients/index.ts'

export interface CardTools {
  /** Undefined where the authorization server runs alone. */
  readonly directory: ManagedDirectory | undefined
  readonly access: Pick<Access, 'visible' | 'isEntitled' | 'isAgentEntitled'>
  readonly clients: Pick<Clients, 'agent'>
  readonly origin: () => string
}

/** Agents that can be asked. */
export function cardHandlers({ directory, access, clients, origin }: CardTools) {
  const known = () => {
    if (directory) return directory
    throw new ParleyError('not_found', 'This hub is an authorization server alone, without agents to ask.')
  }
  const view = (agent: ServedAgent) => cardView(agent, known(), origin())
  const detail = (agent: ServedAgent) => cardDetail(agent, view(agent))
  return {
    listCards: async () => ({ cards: (directory?.agents() ?? []).map(view) }),
    addCard: async ({ body, principal }) => {
      const { url, public: isPublic, ...rest } = body
      return detail(await known().add({ ...rest, cardUrl: url, isPublic }, principal.subject))
    },
    showCard: async ({ parameters }) => detail(known().agent(parameters.name)),
    setCard: async ({ parameters, body, principal }) => {
      const { allowHosts, binding, version, public: isPublic } = body
      const terms = {
        ...(allowHosts && { allowHosts }),
        ...(binding !== undefined && { binding: binding ?? undefined }),
        ...(version !== undefined && { version: version ?? undefined }),
        ...(isPublic !== undefined && { isPublic }),
      }
      return detail(await known().setTerms(parameters.name, terms, principal.subject))
    },
    reviewCard: async ({ parameters, body, principal }) => {
      const { hash, verdict, allowHosts } = body
      const { name } = parameters
      const { subject } = principal
      const reviewed =
        verdict === 'approve'
          ? known().approve(name, { hash, allowHosts }, subject)
          : known().reject(name, hash, subject)
      return detail(await reviewed)
    },
    refreshCard: async ({ parameters }) => detail(await known().refresh(parameters.name)),
    testCard: ({ parameters }) => known().test(parameters.name),
    addCardKeys: async ({ parameters, body, principal }) =>
      detail(await known().addKeys(parameters.name, body, principal.subject)),
    removeCardKey: async ({ parameters, principal }) =>
      detail(await known().removeKey(parameters.name, parameters.kid, principal.subject)),
    removeCard: async ({ parameters, principal }) => {
      await known().remove(parameters.name, principal.subject)
      return { removed: parameters.name }
    },
    searchAgents: async ({ query, principal }) => {
      const { found, next } = directory?.search(query, mayAsk(access, principal)) ?? { found: [], next: null }
      return { agents: describeAgents(found, origin()), next }
    },
    showMyCard: async ({ principal }) => detail(known().agent(nameOfSelf(clients, principal))),
    sendMyCard: async ({ body, principal }) =>
      detail(await known().register(nameOfSelf(clients, principal), body.card, principal.subject)),
    removeMyCard: async ({ principal }) => {
      const name = nameOfSelf(clients, principal)
      if (known().agent(name).row.source !== 'self')
        throw new ParleyError('conflict', 'An administrator has added the card of this agent.')
      await known().remove(name, principal.subject)
      return { removed: name }
    },
  } satisfies Partial<ApiHandlers>
}

/** A token for this API covers no capability: what counts is what its person, or its agent, may use. */
function mayAsk(access: CardTools['access'], principal: Principal): Visible {
  const { person, chain } = principal
  if (person !== undefined) return (capability) => access.isEntitled(person, capability)
  const [self, ...others] = chain
  return self?.kind === 'agent' && others.length === 0
    ? (capability) => access.isAgentEntitled(self.id, capability)
    : access.visible(principal)
}

function cardView(agent: ServedAgent, directory: ManagedDirectory, origin: string): CardView {
  const { row, usable } = agent
  const { state, lastError, lastSeenAt } = directory.health(row.name)
  return {
    name: row.name,
    source: row.source,
    state: row.state,
    served: agent.entry !== undefined,
    agent: agent.identity?.id ?? null,
    cardUrl: row.cardUrl,
    title: usable?.card.name ?? null,
    version: usable?.card.version ?? null,
    interface: usable ? interfaceView(usable.interface) : null,
    skills: usable?.card.skills.length ?? 0,
    public: row.terms.isPublic,
    allowHosts: [...row.terms.allowHosts],
    health: { state, lastError: lastError ?? null, lastSeenAt: lastSeenAt ?? null },
    signature: agent.signature,
    hash: row.cardHash,
    approvedHash: row.approvedHash,
    approvedBy: row.approvedBy,
    approvedAt: row.approvedAt,
    reason: row.reason ?? agent.fault ?? null,
    endpoint: `${origin}/a2a/agents/${row.name}`,
  }
}

function cardDetail(agent: ServedAgent, view: CardView): CardDetail {
  return {
    ...view,
    card: agent.row.card,
    changes: agent.changes.map((change) => ({ ...change, differences: [...change.differences] })),
    interfaces: agent.interfaces.map(({ interface: one, host, why }) => ({
      ...interfaceView(one),
      host: host ?? null,
      why: why ?? null,
    })),
    keys: agent.row.keys.map((key) => ({ ...key })),
  }
}

type Interface = CardDetail['interfaces'][number]

function interfaceView({
  url,
  protocolBinding,
  protocolVersion,
}: Pick<Interface, 'url' | 'protocolBinding' | 'protocolVersion'>) {
  return { url, protocolBinding, protocolVersion }
}
