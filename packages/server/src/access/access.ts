import type { AgentId, CapabilityName, Decision, PersonId, Principal } from '@parley/contract'
import type { LimitReached } from '../grants/index.ts'
import type { Action } from './actions.ts'

export interface AccessRequest {
  readonly principal: Principal
  readonly action: Action
  readonly capability?: CapabilityName
  /** The call's arguments, parsed when a rule asks for them; without it the question is whether some could be allowed. */
  readonly args?: () => unknown
}

/** May this principal do this? The one place that every face asks: for tokens, lists and calls alike. */
export interface Access {
  /** The same object for the same answer wherever it can be: the record of calls relies on it. */
  decide(request: AccessRequest): Decision
  /**
   * Which capabilities a list may show: what the grant covers for some arguments. What consent could add is not listed, so
   * that what a person switched off stays out of an app's sight; a call by its name asks.
   */
  visible(principal: Principal): (capability: CapabilityName) => boolean
  /** Whether anything of the MCP server is the principal's to use or to ask for. */
  reaches(principal: Principal, server: string): boolean
  /** The person in whose name it acts: the grant says who that is, whatever the token says. */
  personBehind(principal: Principal): PersonId | undefined
  /** Whether the person, or a group of theirs, may use anything of the MCP server. */
  mayUse(person: PersonId, server: string): boolean
  /** Whether the person, or a group of theirs, may use the capability for some arguments; an app may have less of it. */
  isEntitled(person: PersonId, capability: CapabilityName): boolean
  /** The same for what an agent does for itself, by whichever of its grants. */
  isAgentEntitled(agent: AgentId, capability: CapabilityName): boolean
  /** Counts one call against the limits of the principal's grant; undefined when it may go on. */
  take(
    principal: Principal,
    args: () => unknown,
  ): LimitReached | undefined | Promise<LimitReached | undefined>
}
