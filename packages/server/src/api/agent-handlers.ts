import { ParleyError, type AgentId } from '@parley/contract'
import type { Agent, Clients } from '../clients/index.ts'
import type { People } from '../people/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { knownPerson } from './people-handlers.ts'

export interface AgentTools {
  readonly clients: Pick<Clients, 'agents' | 'agent'>
  readonly people: Pick<People, 'find'>
}

const MS_PER_SECOND = 1000

/** Workloads with keys. */
export function agentHandlers({ clients, people }: AgentTools) {
  const { agents } = clients
  const known = (id: AgentId): Agent => {
    const agent = clients.agent(id)
    if (!agent) throw new ParleyError('not_found', 'There is no such agent.')
    return agent
  }
  return {
    listAgents: async () => ({ agents: agents.list() }),
    showAgent: async ({ parameters }) => {
      const agent = known(parameters.agent)
      return { ...agent, proofs: agents.proofs(agent.id) }
    },
    addAgent: async ({ body, principal }) => {
      if (body.owner !== null) knownPerson(people, body.owner)
      return agents.create(body, principal.subject)
    },
    rotateAgentKeys: async ({ parameters, body, principal }) => {
      const { id } = known(parameters.agent)
      const options = { proof: body.proof, graceMs: body.graceSeconds * MS_PER_SECOND }
      const shownOnce = await agents.rotate(id, options, principal.subject)
      return { agent: known(id), shownOnce }
    },
    suspendAgent: ({ parameters, principal }) => agents.suspend(parameters.agent, principal.subject),
    reactivateAgent: ({ parameters, principal }) => agents.resume(parameters.agent, principal.subject),
    retireAgent: ({ parameters, principal }) => agents.retire(parameters.agent, principal.subject),
  } satisfies Partial<ApiHandlers>
}
