import type {
  CapabilityName,
  Grant,
  GrantHolder,
  GrantId,
  GrantTerms,
  GroupId,
  PersonId,
} from '@parley/contract'
import type { Statement } from '../store/index.ts'

/** The group that everyone with an account is in. It is no row of groups, and its entitlement is there from the start. */
export const EVERYONE: GroupId = 'grp_00000000000000000000000000'

/** Who makes a change, for its activity record: a principal's subject. */
export type Actor = string

export interface NewGrant {
  readonly kind: Grant['kind']
  readonly holder: GrantHolder
  readonly person: PersonId | null
  readonly parent: GrantId | null
  readonly terms: GrantTerms
}

export interface GrantFilter {
  readonly person?: PersonId
  readonly holder?: GrantHolder
  readonly parent?: GrantId
  readonly includeRevoked?: boolean
}

/** Why a grant does not cover a call. `capability`: no rule names it; `arguments`: a rule names it, but not with these. */
export type Coverage =
  | { readonly kind: 'covered' }
  | {
      readonly kind: 'not-covered'
      readonly because: 'capability' | 'arguments' | 'expired' | 'revoked'
      readonly grant: GrantId
    }

/** Everything that is granted. Reads are answered from memory; every change is one unit with its activity record. */
export interface Grants {
  /**
   * What is written `along` with its id is part of the same unit. Throws `invalid_params` when the terms are wider than the
   * parent's, and `conflict` when the parent is gone meanwhile.
   */
  create(grant: NewGrant, by: Actor, along?: (id: GrantId) => readonly Statement[]): Promise<Grant>
  /**
   * Replaces the terms; children are held to them from then on. What is written `along` is part of the same unit. Throws as
   * `create`; `not_found`; `conflict`.
   */
  changeTerms(id: GrantId, terms: GrantTerms, by: Actor, along?: readonly Statement[]): Promise<Grant>
  /** Ends it and everything delegated from it; answers all ids that ended, itself first. Idempotent. */
  revoke(id: GrantId, by: Actor): Promise<readonly GrantId[]>
  /** Also revoked ones, so that a caller can be told. */
  find(id: GrantId): Grant | undefined
  /** Active ones that have not expired, unless it says otherwise. */
  list(filter: GrantFilter): readonly Grant[]
  /** The active entitlements that name exactly this holder. */
  entitlementsOf(holder: GrantHolder): readonly Grant[]
  /** The grant and its parents, outermost last. */
  lineage(id: GrantId): readonly Grant[]
  /** What tokens may be issued for under the grant now: its audiences, as far as each of its parents has them still. */
  audiencesOf(id: GrantId): GrantTerms['audiences']
  /** Whether the grant and each of its parents covers the call now. Without arguments: whether some arguments could be covered. */
  covers(id: GrantId, capability: CapabilityName, args?: () => unknown): Coverage
  /**
   * Counts one call against the limits of the grant and its parents; `undefined` when it may go on, otherwise what is used up.
   * Never lets through more than the limit, restarts included (but for those of the last minute); a kill may cost some of
   * what was left.
   */
  take(id: GrantId, args: () => unknown): LimitReached | undefined | Promise<LimitReached | undefined>
  /** Counts every change, for caches of what was decided. */
  readonly version: number
}

export interface LimitReached {
  readonly grant: GrantId
  readonly limit: 'calls' | 'callsPerMinute' | 'amount'
  /** JSON Pointer of the argument that the grant counts, when the call has no amount there. */
  readonly uncounted?: string
  /** When the last minute has room again; absent when it never does. */
  readonly retryAfterSeconds?: number
}
