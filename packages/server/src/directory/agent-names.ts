import { ParleyError } from '@parley/contract'
import { findConfusableName } from '../config/index.ts'
import { findLookalike, type KnownName } from './find-lookalike.ts'
import type { AgentIdentity, ServedAgent } from './served-agent.ts'

/** Something else at this hub that has a name of its own. */
export interface OtherName {
  readonly kind: 'server' | 'workload'
  readonly name: string
}

/** The hub is an agent too: the one that finds others. */
const HUB_NAME = 'parley'

export interface AgentNamesOptions {
  readonly agents: () => Iterable<ServedAgent>
  readonly identityOf: (name: string) => AgentIdentity | undefined
  readonly others: () => readonly OtherName[]
}

/** Whose name is whose: no agent passes for another, a server or a workload that it is not (H7). */
export class AgentNames {
  readonly #options: AgentNamesOptions
  readonly #claimed = new Set<string>()

  constructor(options: AgentNamesOptions) {
    this.#options = options
  }

  /** Holds the name while an agent is added under it. Throws `conflict`; the work is not begun then. */
  async claim<result>(name: string, work: () => Promise<result>): Promise<result> {
    this.#refuse(name)
    this.#claimed.add(name)
    try {
      return await work()
    } finally {
      this.#claimed.delete(name)
    }
  }

  /** What the card's own name could be taken for. */
  lookalikeOf(title: string, agent: string): string | undefined {
    const agents: KnownName[] = [...this.#options.agents()]
      .filter(({ name }) => name !== agent)
      .map(({ name, usable }) => ({
        what: `the agent "${name}"`,
        names: usable ? [name, usable.card.name] : [name],
      }))
    const hub: KnownName = { what: 'the hub itself', names: [HUB_NAME] }
    const others: KnownName[] = this.#options
      .others()
      .filter(({ name }) => name !== agent)
      .map(({ kind, name }) => ({ what: `the ${kind} "${name}"`, names: [name] }))
    return findLookalike(title, [hub, ...agents, ...others])
  }

  /** An agent that has an identity here has the name of its workload. */
  #refuse(name: string): void {
    const agents = [...this.#options.agents()].map((agent) => agent.name)
    if (agents.includes(name) || this.#claimed.has(name))
      throw new ParleyError('conflict', `There is an agent "${name}" with a card already.`)
    if (this.#options.identityOf(name)?.state === 'retired')
      throw new ParleyError('conflict', `The agent "${name}" is retired, and its name is never given again.`)
    const others = this.#options.others().filter((one) => one.kind === 'server' || one.name !== name)
    const taken = [HUB_NAME, ...agents, ...this.#claimed, ...others.map((one) => one.name)]
    const other = findConfusableName(name, taken)
    if (other === undefined) return
    throw new ParleyError(
      'conflict',
      other === name
        ? `"${name}" is the hub itself or a server; choose another name.`
        : `"${name}" is too easily mistaken for "${other}"; choose another name.`,
    )
  }
}
