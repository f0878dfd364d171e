import type { Statement, Store } from '../store/index.ts'
import type { Revocation, RevocationKind } from './revocations.ts'

export interface StoredRevocation extends Revocation {
  readonly seq: number
}

export function insertRevocation({ kind, id, at }: Revocation): Statement {
  return { sql: 'INSERT INTO revocations (kind, id, at) VALUES (?, ?, ?)', parameters: [kind, id, at] }
}

export function purgeRevocations(before: number): Statement {
  return { sql: 'DELETE FROM revocations WHERE at < ?', parameters: [before] }
}

/** In the order in which they were written. */
export function readRevocations(store: Store, afterSeq: number): readonly StoredRevocation[] {
  const rows = store.all('SELECT seq, kind, id, at FROM revocations WHERE seq > ? ORDER BY seq', afterSeq)
  return rows.map((row) => ({
    seq: Number(row['seq']),
    kind: row['kind'] as RevocationKind,
    id: String(row['id']),
    at: Number(row['at']),
  }))
}

/** The last number that was given, also when its row is gone. */
export function readLastSeq(store: Store): number {
  return Number(store.get("SELECT seq FROM sqlite_sequence WHERE name = 'revocations'")?.['seq'] ?? 0)
}
