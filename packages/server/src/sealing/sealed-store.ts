import type { SqlValue, Statement, Store } from '../store/index.ts'
import type { SealedColumn } from './sealed-column.ts'

export interface SealedRow {
  readonly key: SqlValue
  /** The `id` of the value's `SealedPlace`. */
  readonly place: string
  readonly sealed: Uint8Array
}

const CHECK = 'master-key-check'
const ROTATION = 'master-key-rotation'

/** The names, lower-case hexadecimal, of the keys that are being left. */
export interface RotationRow {
  readonly from: readonly string[]
  readonly startedAt: number
  /** Secrets that were sealed under them at the beginning. */
  readonly total: number | null
}

/** The SQL of what is sealed, wherever it stands. */
export class SealedStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** What does not begin with this header, by its key; a secret that was destroyed has left nothing. */
  page(
    { table, column, key, place }: SealedColumn,
    header: Uint8Array,
    from: { after: SqlValue; limit: number },
  ) {
    return this.#store
      .all(
        `SELECT ${key} AS key, ${place} AS place, ${column} AS sealed FROM ${table}
          WHERE length(${column}) > 0 AND substr(${column}, 1, ?) <> ? AND ${key} > ? ORDER BY ${key} LIMIT ?`,
        header.length,
        header,
        from.after,
        from.limit,
      )
      .map((row) => ({ key: row['key']!, place: String(row['place']), sealed: row['sealed'] as Uint8Array }))
  }

  count(columns: readonly SealedColumn[], header: Uint8Array): number {
    let count = 0
    for (const { table, column } of columns) {
      const sql = `SELECT count(*) AS count FROM ${table} WHERE length(${column}) > 0 AND substr(${column}, 1, ?) <> ?`
      count += Number(this.#store.get(sql, header.length, header)?.['count'] ?? 0)
    }
    return count
  }

  /** Nothing when the value was changed meanwhile: it is under the new key then. */
  replace({ table, column, key }: SealedColumn, row: SealedRow, sealed: Uint8Array): Statement {
    return {
      sql: `UPDATE ${table} SET ${column} = ? WHERE ${key} = ? AND ${column} = ?`,
      parameters: [sealed, row.key, row.sealed],
    }
  }

  check(): Buffer | undefined {
    const value = this.#setting(CHECK)
    return value === undefined ? undefined : Buffer.from(value, 'base64')
  }

  setCheck(sealed: Buffer): Statement {
    return set(CHECK, sealed.toString('base64'))
  }

  rotation(): RotationRow | undefined {
    const value = this.#setting(ROTATION)
    return value === undefined ? undefined : (JSON.parse(value) as RotationRow)
  }

  setRotation(rotation: RotationRow): Statement {
    return set(ROTATION, JSON.stringify(rotation))
  }

  endRotation(): Statement {
    return {
      sql: 'DELETE FROM settings WHERE name = ? RETURNING name',
      parameters: [ROTATION],
      expect: 'changed',
    }
  }

  #setting(name: string): string | undefined {
    const row = this.#store.get('SELECT value FROM settings WHERE name = ?', name)
    return row && String(row['value'])
  }
}

/** A settings row sealed under the key that seals tells a wrong key at the start instead of at the first secret. */
export const CHECK_PLACE = { table: 'settings', column: 'value', id: CHECK }

function set(name: string, value: string): Statement {
  return {
    sql: 'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    parameters: [name, value],
  }
}
