import { ParleyError, type Principal } from '@parley/contract'
import type { Clients } from '../clients/index.ts'

/** The name of the agent that calls in its own name and nobody else's; only that one speaks for itself. */
export function nameOfSelf(clients: Pick<Clients, 'agent'>, { chain, person, app }: Principal): string {
  const [self, ...others] = chain
  const isAlone = person === undefined && app === undefined && others.length === 0
  const agent = isAlone && self?.kind === 'agent' ? clients.agent(self.id) : undefined
  if (agent) return agent.name
  throw new ParleyError('forbidden', 'Only an agent that acts for itself has a card of its own to send.')
}
