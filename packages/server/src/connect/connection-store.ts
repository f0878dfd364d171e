import type { Sealer } from '../sealing/index.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Connection, ConnectionId, ConnectionSecret, Owner } from './connection.ts'

/** SQL of connections; what is secret in them is sealed for its row. */
export class ConnectionStore {
  readonly #store: Store
  readonly #sealer: Sealer

  constructor(store: Store, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  find(server: string, owner: Owner): Connection | undefined {
    const row = this.#store.get(
      'SELECT * FROM oauth_connections WHERE server = ? AND owner = ?',
      server,
      owner,
    )
    return row && toConnection(row)
  }

  get(id: string): Connection | undefined {
    const row = this.#store.get('SELECT * FROM oauth_connections WHERE id = ?', id)
    return row && toConnection(row)
  }

  ofOwner(owner: Owner): Connection[] {
    return this.#store.all('SELECT * FROM oauth_connections WHERE owner = ?', owner).map(toConnection)
  }

  secret(id: ConnectionId): ConnectionSecret | undefined {
    const row = this.#store.get('SELECT sealed FROM oauth_connections WHERE id = ?', id)
    if (!row) return undefined
    const text = this.#sealer.open(row['sealed'] as Uint8Array, placeOf(id)).toString()
    return JSON.parse(text) as ConnectionSecret
  }

  /** In the place of what the owner had there before. */
  put(connection: Connection, secret: ConnectionSecret): Statement[] {
    const { id, server, owner, state, issuer, clientId, scope, expiresAt, createdAt, changedAt } = connection
    const sealed = this.#sealer.seal(JSON.stringify(secret), placeOf(id))
    return [
      { sql: 'DELETE FROM oauth_connections WHERE server = ? AND owner = ?', parameters: [server, owner] },
      {
        sql: `INSERT INTO oauth_connections
          (id, server, owner, state, issuer, client_id, scope, expires_at, sealed, created_at, changed_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        parameters: [
          id,
          server,
          owner,
          state,
          issuer,
          clientId,
          scope,
          expiresAt,
          sealed,
          createdAt,
          changedAt,
        ],
      },
    ]
  }

  /** Fresh tokens; nothing where it has changed meanwhile. */
  renew(connection: Connection, secret: ConnectionSecret, now: number): Statement {
    const sealed = this.#sealer.seal(JSON.stringify(secret), placeOf(connection.id))
    const { scope, expiresAt } = secret.tokens
    return {
      sql: `UPDATE oauth_connections SET sealed = ?, scope = ?, expires_at = ?, state = 'connected', changed_at = ?,
        version = version + 1 WHERE id = ? AND version = ? RETURNING 1`,
      parameters: [sealed, scope ?? null, expiresAt ?? null, now, connection.id, connection.version],
      expect: 'changed',
    }
  }

  lose(connection: Connection, now: number): Statement {
    return {
      sql: `UPDATE oauth_connections SET state = 'reconnect', changed_at = ?, version = version + 1
        WHERE id = ? AND version = ? RETURNING 1`,
      parameters: [now, connection.id, connection.version],
      expect: 'changed',
    }
  }

  remove(id: ConnectionId): Statement {
    return {
      sql: 'DELETE FROM oauth_connections WHERE id = ? RETURNING 1',
      parameters: [id],
      expect: 'changed',
    }
  }
}

function placeOf(id: ConnectionId) {
  return { table: 'oauth_connections', column: 'sealed', id }
}

function toConnection(row: Row): Connection {
  return {
    id: row['id'] as ConnectionId,
    server: String(row['server']),
    owner: row['owner'] as Owner,
    state: row['state'] as Connection['state'],
    issuer: String(row['issuer']),
    clientId: String(row['client_id']),
    scope: row['scope'] as string | null,
    expiresAt: row['expires_at'] === null ? null : Number(row['expires_at']),
    version: Number(row['version']),
    createdAt: Number(row['created_at']),
    changedAt: Number(row['changed_at']),
  }
}
