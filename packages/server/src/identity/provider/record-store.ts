import { createHash } from 'node:crypto'
import type { Statement, Store } from '../../store/index.ts'
import type { Waiting } from './waiting-requests.ts'

/** The models of the provider that are kept as records; the others have stores of their own or are not kept. */
export type RecordModel =
  | 'Interaction'
  | 'AuthorizationCode'
  | 'PushedAuthorizationRequest'
  | 'ReplayDetection'

export interface StoredRecord {
  readonly payload: Record<string, unknown>
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly consumedAt: number | null
}

/** Each write takes away this many records that have expired, so that they never pile up. */
const SWEEP = 20

/** SQL of what the provider remembers. Ids are secrets (codes, request URIs) and appear as their SHA-256 alone. */
export class RecordStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find(model: RecordModel, id: string): StoredRecord | undefined {
    const row = this.#store.get(
      'SELECT payload, expires_at, consumed_at FROM oauth_records WHERE model = ? AND id = ?',
      model,
      hashId(id),
    )
    if (!row) return undefined
    return {
      payload: JSON.parse(String(row['payload'])) as Record<string, unknown>,
      expiresAt: Number(row['expires_at']),
      consumedAt: row['consumed_at'] as number | null,
    }
  }

  /** Fails (`conflict`) when the id is taken and `isNew` was said. */
  save(
    model: RecordModel,
    id: string,
    record: { readonly payload: object; readonly expiresAt: number; readonly isNew: boolean },
  ): Statement {
    return {
      sql: `INSERT INTO oauth_records (model, id, payload, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (model, id) DO ${
        record.isNew ? 'NOTHING' : 'UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at'
      } RETURNING 1`,
      parameters: [model, hashId(id), JSON.stringify(record.payload), record.expiresAt],
      expect: 'changed',
    }
  }

  /** Happens once. */
  consume(model: RecordModel, id: string, at: number): Statement {
    return {
      sql: 'UPDATE oauth_records SET consumed_at = ? WHERE model = ? AND id = ? AND consumed_at IS NULL RETURNING 1',
      parameters: [at, model, hashId(id)],
      expect: 'changed',
    }
  }

  remove({ model, idHash }: Pick<Waiting, 'model' | 'idHash'>): Statement {
    return { sql: 'DELETE FROM oauth_records WHERE model = ? AND id = ?', parameters: [model, idHash] }
  }

  sweep(now: number): Statement {
    return {
      sql: `DELETE FROM oauth_records WHERE rowid IN (SELECT rowid FROM oauth_records WHERE expires_at < ? LIMIT ${SWEEP})`,
      parameters: [now],
    }
  }

  /** Oldest first. */
  waiting(models: Iterable<RecordModel>): Waiting[] {
    const sql =
      'SELECT model, id, expires_at FROM oauth_records WHERE model IN (SELECT value FROM json_each(?)) ORDER BY rowid'
    return this.#store.all(sql, JSON.stringify([...models])).map((row) => ({
      model: row['model'] as RecordModel,
      idHash: Buffer.from(row['id'] as Uint8Array),
      expiresAt: Number(row['expires_at']),
    }))
  }
}

export function hashId(id: string): Buffer {
  return createHash('sha256').update(id).digest()
}
