import { ParleyError, type AgentId, type ChainLink, type Principal } from '@parley/contract'
import type { AgentEntry } from '../directory/index.ts'

export interface DelegationLimits {
  /** Apps and agents one after the other that may act for somebody. */
  readonly delegationDepth: number
  /** Tasks that agents may have under way for one beginning. */
  readonly delegationTasks: number
}

/**
 * Keeps agents that ask agents within bounds (H9): nobody is asked again further down its own chain, chains have an end,
 * and what one beginning sets off is counted as a whole.
 */
export class Delegations {
  readonly #limits: DelegationLimits
  readonly #underWay = new Map<string, number>()

  constructor(limits: DelegationLimits) {
    this.#limits = limits
  }

  /** Throws `forbidden` or `rate_limited`; otherwise answers what gives the place back. */
  enter({ chain }: Principal, agent: AgentEntry): () => void {
    const agents = chain.filter((link) => link.kind === 'agent')
    this.#refuseCircle(agents, agent)
    const links = chain.filter((link) => link.kind !== 'person')
    if (links.length >= this.#limits.delegationDepth)
      throw new ParleyError(
        'forbidden',
        `${links.length} apps and agents act one after the other already, which is as many as may.`,
      )
    // An app that begins has limits of its own. An agent that begins may have been asked to, and hides who asked.
    return agents.length > 0 ? this.#take(rootOf(chain)) : () => {}
  }

  #refuseCircle(agents: readonly { readonly id: AgentId | string }[], { workload, name }: AgentEntry): void {
    if (workload === undefined || !agents.some(({ id }) => id === workload)) return
    throw new ParleyError(
      'forbidden',
      `The agent ${name} acts in this chain already: asked again, agents would go in a circle.`,
    )
  }

  #take(root: string): () => void {
    const count = this.#underWay.get(root) ?? 0
    if (count >= this.#limits.delegationTasks)
      throw new ParleyError(
        'rate_limited',
        `${count} tasks are under way for one beginning, which is as many as may be.`,
        { data: { limit: 'delegationTasks', retryAfterSeconds: 1 } },
      )
    this.#underWay.set(root, count + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      const left = this.#underWay.get(root)! - 1
      if (left > 0) this.#underWay.set(root, left)
      else this.#underWay.delete(root)
    }
  }
}

/** Where it all began: the person and their app, or the agent that acts for itself. */
function rootOf(chain: readonly ChainLink[]): string {
  const first = chain.findIndex(({ kind }) => kind === 'agent')
  return chain
    .slice(0, Math.max(first, 1))
    .map(({ id }) => id)
    .join(' ')
}
