import type { CapabilityName } from './capability.ts'
import type { DecisionKind, Obligations } from './decision.ts'
import type { ErrorCode } from './errors.ts'
import type { ChainLink } from './principal.ts'

/** Which protocol or face the act came through. */
export type ActivityFace = 'mcp' | 'a2a' | 'api' | 'hub'

/**
 * The audit record: one form for both protocols and for changes of state. `seq` is given by the store and never
 * reused; the record's canonical JSON (RFC 8785) is the leaf of the Merkle tree. Nothing here is a secret: values
 * of arguments appear only as their digest.
 */
export interface ActivityRecord {
  /** Milliseconds since the epoch, from the hub's clock. */
  readonly at: number
  readonly face: ActivityFace
  /** What was done: `tools/call`, `server.add`, `definition.approve`. */
  readonly action: string
  readonly requestId: string
  /** W3C trace id (32 hex digits) when the caller sent a trace context. */
  readonly traceId?: string
  readonly subject: string
  readonly person?: string
  readonly chain: readonly ChainLink[]
  readonly app?: string
  readonly grant?: string
  readonly capability?: CapabilityName
  /** Base64url SHA-256 of the bytes of the arguments as they were forwarded. */
  readonly argumentsDigest?: string
  /** Canonical hash of the approved definition that was called. */
  readonly definitionHash?: string
  readonly decision: DecisionKind
  readonly policies: readonly string[]
  readonly policyVersion: number
  /** Version numbers of the catalog and of people and grants at the time. */
  readonly catalogVersion: number
  readonly peopleVersion: number
  readonly obligations?: Obligations
  readonly result: 'ok' | 'tool_error' | 'input_required' | 'cancelled' | ErrorCode
  readonly latencyMicros: number
  /** For changes of state: what changed, in a form for people. */
  readonly note?: string
}
