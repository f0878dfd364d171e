import type { CapabilityName, Decision, Principal } from '@parley/contract'
import type { LimitReached } from '../grants/index.ts'
import type { Action } from './decide.ts'

export interface AccessRequest {
  readonly principal: Principal
  readonly action: Action
  readonly capability?: CapabilityName
  /** The call's arguments, read only when a rule needs them. */
  readonly args?: () => unknown
}

/** The one place that decides who may do what. Decisions are frozen and reused: the same object is the same decision. */
export interface Access {
  decide(request: AccessRequest): Decision
  /** What a list may show: whether some call of the capability could be allowed. */
  visible(principal: Principal): (capability: CapabilityName) => boolean
  /** Counts one call against the limits of the grant; undefined when it may go on. */
  take(
    principal: Principal,
    args: () => unknown,
  ): LimitReached | undefined | Promise<LimitReached | undefined>
}
