import type { A2aVersion, Binding } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/** What an administrator said of an agent beside its card. */
export interface AgentTerms {
  /** `host:port` where its interfaces may be, beside the origin of its card (H6). */
  readonly allowHosts: readonly string[]
  /** Which of its interfaces is taken; the first that is spoken here when absent. */
  readonly binding?: Binding | undefined
  readonly version?: A2aVersion | undefined
  /** Whether its card at the hub is shown to those without a credential. */
  readonly isPublic: boolean
}

/** A public key that the card of an agent may be signed with. */
export interface CardKey {
  readonly kid: string
  readonly publicKey: Readonly<Record<string, string>>
  readonly addedAt: number
  readonly expiresAt: number | null
}

/** An agent that can be asked, as it is kept. */
export interface AgentRow {
  readonly name: string
  readonly source: 'file' | 'api' | 'self'
  /** `approved`: its first card is approved with it; `pending`: a review comes first. */
  readonly state: 'pending' | 'approved'
  /** Null where the card was sent. */
  readonly cardUrl: string | null
  readonly terms: AgentTerms
  /** As it was last seen, signatures included. */
  readonly card: JsonObject | null
  readonly cardHash: string | null
  /** Why the card as last seen is held back. */
  readonly reason: string | null
  readonly approvedCard: JsonObject | null
  readonly approvedHash: string | null
  readonly approvedBy: string | null
  readonly approvedAt: number | null
  readonly addedAt: number
  /** Where there are any, the card must be signed with one of them that has not expired. */
  readonly keys: readonly CardKey[]
}

/** A card that was read, with its fingerprint. */
export interface SeenCard {
  readonly body: JsonObject
  readonly hash: string
}
