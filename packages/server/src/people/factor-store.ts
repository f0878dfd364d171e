import type { SealedColumn } from '../sealing/index.ts'
import type { PersonId } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Row, Statement, Store } from '../store/index.ts'

export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string
  readonly person: PersonId
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly name: string
  /** Kept by the maker of the device, and on other devices too. */
  readonly isSynced: boolean
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

/** The SQL of what people prove themselves with, passwords aside. */
export class FactorStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  passkey(id: string): Passkey | undefined {
    const row = this.#store.get('SELECT * FROM passkeys WHERE id = ?', id)
    return row && toPasskey(row)
  }

  passkeys(person: PersonId): Passkey[] {
    return this.#store
      .all('SELECT * FROM passkeys WHERE person_id = ? ORDER BY created_at', person)
      .map(toPasskey)
  }

  insertPasskey(passkey: Passkey, limit: number): Statement {
    return {
      sql: `INSERT INTO passkeys (id, person_id, public_key, counter, transports, name, is_synced, created_at, last_used_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM passkeys WHERE person_id = ?2) < ?10
        ON CONFLICT DO NOTHING RETURNING id`,
      parameters: [
        passkey.id,
        passkey.person,
        passkey.publicKey,
        passkey.counter,
        canonicalJson(passkey.transports),
        passkey.name,
        passkey.isSynced ? 1 : 0,
        passkey.createdAt,
        passkey.lastUsedAt,
        limit,
      ],
      expect: 'changed',
    }
  }

  /** Conflict when the counter did not grow meanwhile (WebAuthn §7.2 step 22): two answers of one counter mean a copy. */
  usePasskey(id: string, counter: number, at: number): Statement {
    return {
      sql: 'UPDATE passkeys SET counter = ?1, last_used_at = ?2 WHERE id = ?3 AND (counter < ?1 OR (counter = 0 AND ?1 = 0))',
      parameters: [counter, at, id],
      expect: 'changed',
    }
  }

  deletePasskey(person: PersonId, id: string): Statement {
    return {
      sql: 'DELETE FROM passkeys WHERE person_id = ? AND id = ?',
      parameters: [person, id],
      expect: 'changed',
    }
  }

  totp(person: PersonId): { readonly secret: Uint8Array; readonly lastStep: number } | undefined {
    const row = this.#store.get('SELECT secret, last_step FROM totp WHERE person_id = ?', person)
    return row && { secret: row['secret'] as Uint8Array, lastStep: Number(row['last_step']) }
  }

  saveTotp(person: PersonId, totp: { secret: Uint8Array; step: number; at: number }): Statement {
    return {
      sql: `INSERT INTO totp (person_id, secret, last_step, created_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at`,
      parameters: [person, totp.secret, totp.step, totp.at],
    }
  }

  /** Conflict when the code of this step, or a later one, was used already (RFC 6238 §5.2). */
  useTotpStep(person: PersonId, step: number): Statement {
    return {
      sql: 'UPDATE totp SET last_step = ?1 WHERE person_id = ?2 AND last_step < ?1',
      parameters: [step, person],
      expect: 'changed',
    }
  }

  deleteTotp(person: PersonId): Statement {
    return { sql: 'DELETE FROM totp WHERE person_id = ?', parameters: [person], expect: 'changed' }
  }

  unusedRecoveryCodes(person: PersonId): number {
    const row = this.#store.get(
      'SELECT count(*) AS n FROM recovery_codes WHERE person_id = ? AND used_at IS NULL',
      person,
    )
    return Number(row?.['n'] ?? 0)
  }

  saveRecoveryCodes(person: PersonId, hashes: readonly Uint8Array[]): Statement[] {
    return [
      { sql: 'DELETE FROM recovery_codes WHERE person_id = ?', parameters: [person] },
      ...hashes.map((hash) => ({
        sql: 'INSERT INTO recovery_codes (person_id, hash, used_at) VALUES (?, ?, NULL)',
        parameters: [person, hash],
      })),
    ]
  }

  /** Conflict when the code is none of theirs, or was used. */
  useRecoveryCode(person: PersonId, hash: Uint8Array, at: number): Statement {
    return {
      sql: 'UPDATE recovery_codes SET used_at = ? WHERE person_id = ? AND hash = ? AND used_at IS NULL',
      parameters: [at, person, hash],
      expect: 'changed',
    }
  }

  /** Goes after taking something away: conflict when neither a passkey nor a password with its app would be left. */
  requireSafeWay(person: PersonId): Statement {
    return {
      sql: `SELECT 1 WHERE EXISTS (SELECT 1 FROM passkeys WHERE person_id = ?1) OR EXISTS
        (SELECT 1 FROM people JOIN totp ON totp.person_id = people.id WHERE people.id = ?1 AND password IS NOT NULL)`,
      parameters: [person],
      expect: 'changed',
    }
  }

  /** Goes before the first one: conflict when there is one meanwhile, so that a password cannot add its own beside it. */
  requireNoSecondFactor(person: PersonId): Statement {
    return {
      sql: `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM passkeys WHERE person_id = ?1)
        AND NOT EXISTS (SELECT 1 FROM totp WHERE person_id = ?1)`,
      parameters: [person],
      expect: 'changed',
    }
  }

  deleteAll(person: PersonId): Statement[] {
    return ['passkeys', 'totp', 'recovery_codes'].map((table) => ({
      sql: `DELETE FROM ${table} WHERE person_id = ?`,
      parameters: [person],
    }))
  }
}

function toPasskey(row: Row): Passkey {
  return {
    id: String(row['id']),
    person: String(row['person_id']) as PersonId,
    publicKey: row['public_key'] as Uint8Array,
    counter: Number(row['counter']),
    transports: JSON.parse(String(row['transports'])) as string[],
    name: String(row['name']),
    isSynced: row['is_synced'] === 1,
    createdAt: Number(row['created_at']),
    lastUsedAt: row['last_used_at'] === null ? null : Number(row['last_used_at']),
  }
}

/** Where the secrets of authenticator apps stand sealed. */
export const SEALED_TOTP_SECRETS: SealedColumn = {
  table: 'totp',
  column: 'secret',
  key: 'person_id',
  place: 'person_id',
}
