import type { Row, Statement, Store } from '../../store/index.ts'

export interface RefreshTokenRow {
  readonly hash: Buffer
  readonly family: Buffer
  readonly payload: Record<string, unknown>
  readonly expiresAt: number
  readonly usedAt: number | null
  readonly successorHash: Buffer | null
  readonly sealedSuccessor: Buffer | null
  readonly isFamilyRevoked: boolean
}

export interface NewRefreshToken {
  readonly hash: Buffer
  readonly family: Buffer
  readonly payload: object
  readonly issuedAt: number
  readonly expiresAt: number
}

const SWEEP = 20

/** SQL of what was issued from one authorization: its family and the refresh tokens in it. */
export class FamilyStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Happens once for a code. */
  begin(family: { id: Buffer; grantId: string; expiresAt: number }): Statement {
    return {
      sql: 'INSERT INTO token_families (id, grant_id, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1',
      parameters: [family.id, family.grantId, family.expiresAt],
      expect: 'changed',
    }
  }

  isRevoked(family: Buffer): boolean {
    const row = this.#store.get('SELECT revoked_at FROM token_families WHERE id = ?', family)
    return row === undefined || row['revoked_at'] !== null
  }

  /** Happens once. */
  revoke(family: Buffer, at: number): Statement {
    return {
      sql: 'UPDATE token_families SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING 1',
      parameters: [at, family],
      expect: 'changed',
    }
  }

  /** Refused when the family was revoked meanwhile. */
  insert(token: NewRefreshToken): Statement[] {
    return [
      {
        sql: `INSERT INTO refresh_tokens (hash, family, payload, issued_at, expires_at)
          SELECT ?, id, ?, ?, ? FROM token_families WHERE id = ? AND revoked_at IS NULL RETURNING 1`,
        parameters: [
          token.hash,
          JSON.stringify(token.payload),
          token.issuedAt,
          token.expiresAt,
          token.family,
        ],
        expect: 'changed',
      },
      {
        sql: 'UPDATE token_families SET expires_at = max(expires_at, ?) WHERE id = ?',
        parameters: [token.expiresAt, token.family],
      },
    ]
  }

  find(hash: Buffer): RefreshTokenRow | undefined {
    const row = this.#store.get(
      `SELECT refresh_tokens.*, token_families.revoked_at FROM refresh_tokens
        JOIN token_families ON token_families.id = family WHERE hash = ?`,
      hash,
    )
    return row && toToken(row)
  }

  /** The one step of a rotation; refused when someone was faster, or the family is revoked. */
  exchange(hash: Buffer, successor: { hash: Buffer; sealed: Buffer; at: number }): Statement {
    return {
      sql: `UPDATE refresh_tokens SET used_at = ?, successor_hash = ?, sealed_successor = ?
        WHERE hash = ? AND used_at IS NULL AND expires_at > ?
        AND EXISTS (SELECT 1 FROM token_families WHERE id = family AND revoked_at IS NULL) RETURNING 1`,
      parameters: [successor.at, successor.hash, successor.sealed, hash, successor.at],
      expect: 'changed',
    }
  }

  /** Refresh tokens that were exchanged since then: the access tokens they brought may still live. */
  usedSince(family: Buffer, at: number): Buffer[] {
    return this.#store
      .all('SELECT hash FROM refresh_tokens WHERE family = ? AND used_at >= ?', family, at)
      .map((row) => toBuffer(row['hash']))
  }

  /** Forgets what was spent so long ago that nobody holds it by mistake; it is refused then as unknown. */
  forgetSpent(family: Buffer, before: number): Statement {
    return {
      sql: 'DELETE FROM refresh_tokens WHERE family = ? AND used_at < ?',
      parameters: [family, before],
    }
  }

  /** When the app last got a refresh token under the grant. */
  lastIssuedAt(grantId: string): number | undefined {
    const row = this.#store.get(
      `SELECT max(issued_at) AS at FROM token_families JOIN refresh_tokens ON family = token_families.id
        WHERE grant_id = ?`,
      grantId,
    )
    const at = row?.['at'] ?? null
    return at === null ? undefined : Number(at)
  }

  /** Takes away families that are over, with all that is in them, a few at a time. */
  sweep(now: number): Statement {
    return {
      sql: `DELETE FROM token_families WHERE rowid IN (SELECT rowid FROM token_families WHERE expires_at < ? LIMIT ${SWEEP})`,
      parameters: [now],
    }
  }
}

function toToken(row: Row): RefreshTokenRow {
  return {
    hash: toBuffer(row['hash']),
    family: toBuffer(row['family']),
    payload: JSON.parse(String(row['payload'])) as Record<string, unknown>,
    expiresAt: Number(row['expires_at']),
    usedAt: row['used_at'] as number | null,
    successorHash: row['successor_hash'] === null ? null : toBuffer(row['successor_hash']),
    sealedSuccessor: row['sealed_successor'] === null ? null : toBuffer(row['sealed_successor']),
    isFamilyRevoked: row['revoked_at'] !== null,
  }
}

function toBuffer(value: unknown): Buffer {
  return Buffer.from(value as Uint8Array)
}
