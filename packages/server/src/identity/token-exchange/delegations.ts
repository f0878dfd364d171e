import type { AgentId, Grant, GrantTerms } from '@parley/contract'
import { ParleyError } from '@parley/contract'
import { canonicalJson } from '../../lib/jcs.ts'
import { errors } from '../provider/library.ts'
import { ACCESS_TOKEN_SECONDS } from '../provider/token-families.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'

/** Different delegations that one agent may have of one grant. */
const MAX_DELEGATIONS = 100

/** Delegation grants: the same again is the same grant, so that an agent may exchange as often as it likes. */
export class Delegations {
  readonly #tools: Pick<WorkloadTools, 'grants' | 'clock'>
  readonly #creating = new Map<string, Promise<Grant>>()

  constructor(tools: Pick<WorkloadTools, 'grants' | 'clock'>) {
    this.#tools = tools
  }

  /** Refuses as `invalid_request` what the room of grants refuses. */
  async findOrCreate(parent: Grant, agent: AgentId, terms: GrantTerms): Promise<Grant> {
    const { expiresAt: _, ...same } = terms
    const key = canonicalJson([parent.id, agent, same])
    const creating = this.#creating.get(key)
    if (creating) return creating
    const own = this.#tools.grants.list({ parent: parent.id, holder: { kind: 'agent', id: agent } })
    const known = own.find((grant) => this.#isAsGood(grant.terms, terms))
    if (known) return known
    if (own.length >= MAX_DELEGATIONS)
      throw new errors.InvalidRequest(`the agent has ${MAX_DELEGATIONS} delegations of this grant already`)
    const made = this.#create(parent, agent, terms).finally(() => this.#creating.delete(key))
    this.#creating.set(key, made)
    return made
  }

  async #create(parent: Grant, agent: AgentId, terms: GrantTerms): Promise<Grant> {
    const holder = { kind: 'agent', id: agent } as const
    try {
      return await this.#tools.grants.create(
        { kind: 'delegation', holder, person: parent.person, parent: parent.id, terms },
        agent,
      )
    } catch (error) {
      const isRefusal = error instanceof ParleyError && REFUSALS.includes(error.code)
      throw isRefusal ? new errors.InvalidRequest(error.message) : error
    }
  }

  /** The same but for its end, which must not be later, and far enough for a token. */
  #isAsGood(known: GrantTerms, wanted: GrantTerms): boolean {
    const { expiresAt: end, ...rest } = known
    const { expiresAt: wantedEnd, ...wantedRest } = wanted
    if (canonicalJson(rest) !== canonicalJson(wantedRest)) return false
    if (end === wantedEnd) return true
    if (end === null || (wantedEnd !== null && end > wantedEnd)) return false
    return end > this.#tools.clock.now() + ACCESS_TOKEN_SECONDS * 1000
  }
}

const REFUSALS: readonly string[] = ['invalid_params', 'conflict', 'not_found']
