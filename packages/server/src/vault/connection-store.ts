import type { ConnectionId, PersonId } from '@parley/contract'
import type { SealedColumn, SealedPlace } from '../sealing/index.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Connection, OwnerRule } from './connection.ts'

/** The secret opens in no other row, for no other owner, at no other server, and an earlier one never again. */
export function placeOf({
  id,
  server,
  person,
  version,
}: Pick<Connection, 'id' | 'server' | 'person' | 'version'>): SealedPlace {
  return { table: 'connections', column: 'secret', id: `${id}|${server}|${person ?? ''}|${version}` }
}

/** The same place, as the database says it. */
export const SEALED_CONNECTIONS: SealedColumn = {
  table: 'connections',
  column: 'secret',
  key: 'id',
  place: "id || '|' || server_id || '|' || coalesce(person_id, '') || '|' || version",
}

/** The SQL of connections. */
export class ConnectionStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  all(): Connection[] {
    return this.#store.all(`SELECT ${COLUMNS} FROM connections ORDER BY id`).map(toConnection)
  }

  one(id: ConnectionId): Connection | undefined {
    const row = this.#store.get(`SELECT ${COLUMNS} FROM connections WHERE id = ?`, id)
    return row && toConnection(row)
  }

  /** The sealed secret with what it is sealed for, as both stand at one moment. */
  sealed(id: ConnectionId): { readonly connection: Connection; readonly secret: Uint8Array } | undefined {
    const row = this.#store.get(`SELECT ${COLUMNS}, secret FROM connections WHERE id = ?`, id)
    return row && { connection: toConnection(row), secret: row['secret'] as Uint8Array }
  }

  rules(): Map<string, OwnerRule> {
    const rows = this.#store.all('SELECT server_id, owner FROM connection_rules')
    return new Map(rows.map((row) => [String(row['server_id']), row['owner'] as OwnerRule]))
  }

  /** A conflict when the server is gone, or its owner has one there already. */
  insert(connection: Connection, secret: Uint8Array): Statement {
    const { id, server, person, kind, issuer, account, version, renews, expiresAt, createdAt, createdBy } =
      connection
    return {
      sql: `INSERT INTO connections (id, server_id, person_id, kind, issuer, account, state, secret, version, renews, expires_at, created_at, created_by)
        SELECT ?, ?, ?, ?, ?, ?, 'connected', ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM servers WHERE id = ?)
        ON CONFLICT DO NOTHING RETURNING id`,
      parameters: [
        id,
        server,
        person,
        kind,
        issuer,
        account,
        secret,
        version,
        renews ? 1 : 0,
        expiresAt,
        createdAt,
        createdBy,
        server,
      ],
      expect: 'changed',
    }
  }

  /** Takes the place of the version before it, and of no other. */
  replace(connection: Connection, secret: Uint8Array): Statement {
    const { id, kind, issuer, account, version, renews, expiresAt } = connection
    return {
      sql: `UPDATE connections SET kind = ?, issuer = ?, account = ?, state = 'connected', secret = ?, version = ?, renews = ?, expires_at = ?
        WHERE id = ? AND version = ? RETURNING id`,
      parameters: [kind, issuer, account, secret, version, renews ? 1 : 0, expiresAt, id, version - 1],
      expect: 'changed',
    }
  }

  /** Works no more; a conflict when it was replaced meanwhile, or is known to work no more. */
  fail({ id, version }: Pick<Connection, 'id' | 'version'>): Statement {
    return {
      sql: `UPDATE connections SET state = 'reconnect' WHERE id = ? AND version = ? AND state = 'connected' RETURNING id`,
      parameters: [id, version],
      expect: 'changed',
    }
  }

  remove(id: ConnectionId): Statement {
    return {
      sql: 'DELETE FROM connections WHERE id = ? RETURNING id',
      parameters: [id],
      expect: 'changed',
    }
  }

  touch(id: ConnectionId, at: number): Statement {
    return { sql: 'UPDATE connections SET used_at = ? WHERE id = ?', parameters: [at, id] }
  }

  setRule(server: string, owner: OwnerRule): Statement {
    return {
      sql: `INSERT INTO connection_rules (server_id, owner) SELECT ?, ? WHERE EXISTS (SELECT 1 FROM servers WHERE id = ?)
        ON CONFLICT (server_id) DO UPDATE SET owner = excluded.owner RETURNING owner`,
      parameters: [server, owner, server],
      expect: 'changed',
    }
  }
}

const COLUMNS =
  'id, server_id, person_id, kind, issuer, account, state, version, renews, expires_at, created_at, created_by, used_at'

function toConnection(row: Row): Connection {
  return Object.freeze({
    id: row['id'] as ConnectionId,
    server: String(row['server_id']),
    person: row['person_id'] as PersonId | null,
    kind: row['kind'] as Connection['kind'],
    issuer: row['issuer'] as string | null,
    account: row['account'] as string | null,
    state: row['state'] as Connection['state'],
    version: Number(row['version']),
    renews: row['renews'] === 1,
    expiresAt: row['expires_at'] as number | null,
    createdAt: Number(row['created_at']),
    createdBy: String(row['created_by']),
    usedAt: row['used_at'] as number | null,
  })
}
