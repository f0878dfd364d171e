import type { SealedColumn } from '../../sealing/index.ts'
import type { Row, Statement, Store } from '../../store/index.ts'

export type KeyState = 'next' | 'current' | 'retired'

export interface SigningKeyRow {
  readonly kid: string
  readonly state: KeyState
  /** A JWK without its private part (RFC 7517). */
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly sealedPrivateKey: Buffer
  readonly createdAt: number
  readonly retiredAt: number | null
}

/** SQL of the keys that sign tokens. */
export class SigningKeyStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  all(): SigningKeyRow[] {
    return this.#store.all('SELECT * FROM signing_keys ORDER BY created_at').map(toKey)
  }

  insert(key: Omit<SigningKeyRow, 'retiredAt'>): Statement {
    return {
      sql: `INSERT INTO signing_keys (kid, state, public_jwk, sealed_private_key, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING RETURNING 1`,
      parameters: [key.kid, key.state, JSON.stringify(key.publicJwk), key.sealedPrivateKey, key.createdAt],
      expect: 'changed',
    }
  }

  /** Its private half is gone with it. */
  retire(kid: string, at: number): Statement {
    return {
      sql: "UPDATE signing_keys SET state = 'retired', retired_at = ?, sealed_private_key = x'' WHERE kid = ? AND state = 'current' RETURNING 1",
      parameters: [at, kid],
      expect: 'changed',
    }
  }

  promote(kid: string): Statement {
    return {
      sql: "UPDATE signing_keys SET state = 'current' WHERE kid = ? AND state = 'next' RETURNING 1",
      parameters: [kid],
      expect: 'changed',
    }
  }

  remove(kid: string): Statement {
    return { sql: "DELETE FROM signing_keys WHERE kid = ? AND state = 'retired'", parameters: [kid] }
  }
}

function toKey(row: Row): SigningKeyRow {
  return {
    kid: String(row['kid']),
    state: row['state'] as KeyState,
    publicJwk: JSON.parse(String(row['public_jwk'])) as Record<string, unknown>,
    sealedPrivateKey: Buffer.from(row['sealed_private_key'] as Uint8Array),
    createdAt: Number(row['created_at']),
    retiredAt: row['retired_at'] as number | null,
  }
}

/** Where private keys stand sealed. */
export const SEALED_SIGNING_KEYS: SealedColumn = {
  table: 'signing_keys',
  column: 'sealed_private_key',
  key: 'kid',
  place: 'kid',
}
