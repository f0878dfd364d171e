import type { Statement, Store } from '../store/index.ts'

/** A version of a document as it is kept. */
export interface KeptDocument {
  readonly hash: string
  /** Gzipped. */
  readonly body: Uint8Array
  readonly etag: string | null
}

/** Versions kept of each server's document. */
const MAX_VERSIONS = 10

/** The only SQL of this room. */
export class OpenApiStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  latest(serverId: string): KeptDocument | undefined {
    const row = this.#store.get(
      'SELECT hash, body, etag FROM openapi_documents WHERE server_id = ? ORDER BY seen_at DESC LIMIT 1',
      serverId,
    )
    if (!row) return undefined
    const { hash, body, etag } = row
    return { hash: String(hash), body: body as Uint8Array, etag: typeof etag === 'string' ? etag : null }
  }

  /** What is known of the latest without its body. */
  stamp(serverId: string): Omit<KeptDocument, 'body'> | undefined {
    const row = this.#store.get(
      'SELECT hash, etag FROM openapi_documents WHERE server_id = ? ORDER BY seen_at DESC LIMIT 1',
      serverId,
    )
    return row && { hash: String(row['hash']), etag: typeof row['etag'] === 'string' ? row['etag'] : null }
  }

  /** Nothing is kept for a server that was removed meanwhile. */
  keep(serverId: string, document: KeptDocument, at: number): Statement[] {
    const { hash, body, etag } = document
    return [
      {
        sql: `INSERT INTO openapi_documents (server_id, hash, body, etag, seen_at)
          SELECT id, ?2, ?3, ?4, ?5 FROM servers WHERE id = ?1
          ON CONFLICT (server_id, hash) DO UPDATE SET etag = excluded.etag, seen_at = excluded.seen_at`,
        parameters: [serverId, hash, body, etag, at],
      },
      {
        sql: `DELETE FROM openapi_documents WHERE server_id = ?1 AND hash NOT IN
          (SELECT hash FROM openapi_documents WHERE server_id = ?1 ORDER BY seen_at DESC LIMIT ${MAX_VERSIONS})`,
        parameters: [serverId],
      },
    ]
  }
}
