import { ParleyError, type CardDetail, type CardView } from '@parley/contract'
import type { ManagedDirectory, ServedAgent } from '../directory/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface CardTools {
  /** Undefined where the authorization server runs alone. */
  readonly directory: ManagedDirectory | undefined
  readonly origin: () => string
}

/** Agents that can be asked. */
export function cardHandlers({ directory, origin }: CardTools) {
  const known = () => {
    if (directory) return directory
    throw new ParleyError('not_found', 'This hub is an authorization server alone, without agents to ask.')
  }
  const view = (agent: ServedAgent) => cardView(agent, origin())
  const detail = (agent: ServedAgent): CardDetail => ({ ...view(agent), card: agent.row.card })
  return {
    listCards: async () => ({ cards: (directory?.agents() ?? []).map(view) }),
    addCard: async ({ body, principal }) => {
      const { url, public: isPublic, ...rest } = body
      return detail(await known().add({ ...rest, cardUrl: url, isPublic }, principal.subject))
    },
    showCard: async ({ parameters }) => detail(known().agent(parameters.name)),
    removeCard: async ({ parameters, principal }) => {
      await known().remove(parameters.name, principal.subject)
      return { removed: parameters.name }
    },
  } satisfies Partial<ApiHandlers>
}

function cardView(agent: ServedAgent, origin: string): CardView {
  const { row } = agent
  const usable = agent.usable
  return {
    name: row.name,
    source: row.source,
    state: row.state,
    agent: agent.identity?.id ?? null,
    cardUrl: row.cardUrl,
    title: usable?.card.name ?? null,
    version: usable?.card.version ?? null,
    interface: usable ? interfaceOf(usable.interface) : null,
    skills: usable?.card.skills.length ?? 0,
    public: row.terms.isPublic,
    allowHosts: [...row.terms.allowHosts],
    hash: row.cardHash,
    approvedHash: row.approvedHash,
    approvedBy: row.approvedBy,
    approvedAt: row.approvedAt,
    reason: row.reason,
    endpoint: `${origin}/a2a/agents/${row.name}`,
  }
}

function interfaceOf({
  url,
  protocolBinding,
  protocolVersion,
}: {
  readonly url: string
  readonly protocolBinding: string
  readonly protocolVersion: string
}) {
  return { url, protocolBinding, protocolVersion }
}
