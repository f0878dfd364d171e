import type { CapabilityName } from './capability.ts'

/** What an allowed call must still submit to. Fields absent: nothing to do. */
export interface Obligations {
  /** JSON Pointers (RFC 6901) into the result whose values are replaced before the reply. */
  readonly redact?: readonly string[]
  /** The most bytes of result that may be passed on. */
  readonly capBytes?: number
  /** A rate this call counts against, beyond the principal's own. */
  readonly limit?: { readonly key: string; readonly perSecond: number }
}

interface Because {
  /** Ids of the policies or rules that decided, in the order they were met. */
  readonly policies: readonly string[]
  /** The version of the policy set that was in force. */
  readonly policyVersion: number
}

/**
 * The answer to "may this principal do this?": closed, so that every edge must handle every case.
 * Only `allow` lets a call through; an unknown kind must be treated as `deny`.
 */
export type Decision =
  | ({ readonly kind: 'allow'; readonly obligations: Obligations } & Because)
  | ({ readonly kind: 'deny'; readonly reason: string } & Because)
  /** The token lacks a scope that its grant would have. */
  | ({ readonly kind: 'scope'; readonly missing: readonly string[] } & Because)
  | ({ readonly kind: 'consent'; readonly missing: readonly CapabilityName[] } & Because)
  | ({ readonly kind: 'step-up'; readonly acr: string; readonly maxAgeSeconds?: number } & Because)
  | ({ readonly kind: 'approval'; readonly approvers: readonly string[] } & Because)

export type DecisionKind = Decision['kind']
