import type { Statement } from '../store/index.ts'

/**
 * What can be cut off. `session`: a person's sign-in; `token`: one access token by its `jti`; `app`: by its OAuth
 * client_id, because that is what tokens name.
 */
export type RevocationKind = 'grant' | 'person' | 'app' | 'agent' | 'session' | 'token'

export interface Revocation {
  readonly kind: RevocationKind
  readonly id: string
  /** Seconds since the epoch: tokens issued until then are dead. A person who is let in again gets new ones. */
  readonly at: number
}

/** What a token says of itself, as far as revocation goes. */
export interface TokenSubjects {
  readonly issuedAt: number
  readonly grant?: string | undefined
  readonly person?: string | undefined
  /** The client_id. */
  readonly app?: string | undefined
  /** Every agent of the `act` chain, and the agent that acts for itself. */
  readonly agents: readonly string[]
  readonly session?: string | undefined
  readonly token?: string | undefined
}

/** What was cut off and may still have live tokens: the truth for this process, and a feed for guards elsewhere. */
export interface Revocations {
  /** Goes into the unit of the change that cuts off; takes effect in this process with `announce`. */
  statement(revocation: Revocation): Statement
  /** To be called once the unit is on disk: drops it from every cache and cuts what runs. */
  announce(revocations: readonly Revocation[]): void
  isRevoked(token: TokenSubjects): boolean
  /** Hears of each revocation once it counts; returns what ends the listening. */
  onRevoked(listener: (revocation: Revocation) => void): () => void
  /** Counts every announcement. */
  readonly generation: number
}
