import { createHash } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { Revocation, Revocations } from '../../revocations/index.ts'
import type { Store } from '../../store/index.ts'
import type { RecordChange } from '../record-change.ts'
import { FamilyStore } from './family-store.ts'

/** What an access token lives at most; what is older needs no revocation. */
export const ACCESS_TOKEN_SECONDS = 600

/**
 * A family is everything that was issued from one authorization. It ends as a whole when a code or a refresh token of it
 * turns up a second time (RFC 9700 §4.14.2); other installations of the same app, with the same grant, go on.
 */
export class TokenFamilies {
  readonly rows: FamilyStore
  readonly #tools: FamilyTools

  constructor(tools: FamilyTools) {
    this.#tools = tools
    this.rows = new FamilyStore(tools.store)
  }

  /** Ends the family with all its access and refresh tokens. Idempotent. */
  async revoke(family: Buffer, happening: { grantId: string; why: string }): Promise<void> {
    const { store, clock, record, revocations } = this.#tools
    const now = clock.now()
    const recent = this.rows.usedSince(family, now - ACCESS_TOKEN_SECONDS * 1000)
    // A token that is being signed right now gets its time a moment later.
    const at = Math.floor(now / 1000) + 60
    const cutOff = [family, ...recent].map((source): Revocation => ({
      kind: 'token',
      id: accessTokenId(source),
      at,
    }))
    const result = await store.submit([
      this.rows.revoke(family, now),
      ...cutOff.map((revocation) => revocations.statement(revocation)),
      record({
        action: 'token.revoke',
        subject: happening.grantId,
        grant: happening.grantId,
        note: happening.why,
      }),
    ])
    if (result.kind === 'done') revocations.announce(cutOff)
  }

  /** Ends one access token. */
  async revokeAccessToken(token: {
    readonly jti: string
    readonly grantId?: string
    readonly clientId: string
  }): Promise<void> {
    const { store, clock, record, revocations } = this.#tools
    const revocation: Revocation = { kind: 'token', id: token.jti, at: Math.floor(clock.now() / 1000) }
    const result = await store.submit([
      revocations.statement(revocation),
      record({
        action: 'token.revoke',
        subject: token.grantId ?? token.clientId,
        ...(token.grantId === undefined ? {} : { grant: token.grantId }),
        note: 'The app gave an access token back.',
      }),
    ])
    if (result.kind === 'conflict') throw new ParleyError('conflict', 'The token is revoked already.')
    revocations.announce([revocation])
  }
}

export interface FamilyTools {
  readonly store: Store
  readonly clock: Clock
  readonly record: RecordChange
  readonly revocations: Pick<Revocations, 'statement' | 'announce'>
}

/**
 * The `jti` of the access token issued for a code or refresh token, from its hash: so that it can be revoked without
 * having been stored, and even before it exists. A retry of a rotation gets it again.
 */
export function accessTokenId(sourceHash: Buffer): string {
  return createHash('sha256').update('access token of ').update(sourceHash).digest('base64url').slice(0, 22)
}
