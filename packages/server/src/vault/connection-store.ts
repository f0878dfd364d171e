import type { ConnectionId, PersonId } from '@parley/contract'
import type { SealedColumn, SealedPlace } from '../sealing/index.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Connection, OwnerRule } from './connection.ts'

/** Where connections of one kind of peer are kept; `server` is the peer's key. */
export interface ConnectionTables {
  readonly connections: 'connections' | 'agent_connections'
  readonly rules: 'connection_rules' | 'agent_connection_rules'
  /** The column of both that names the peer. */
  readonly peer: 'server_id' | 'agent'
  /** What must exist. */
  readonly peers: 'servers' | 'agent_cards'
  readonly peerKey: 'id' | 'name'
}

/** Connections to MCP servers. */
export const TO_SERVERS: ConnectionTables = {
  connections: 'connections',
  rules: 'connection_rules',
  peer: 'server_id',
  peers: 'servers',
  peerKey: 'id',
}

/** Connections to A2A agents, by their names. */
export const TO_AGENTS: ConnectionTables = {
  connections: 'agent_connections',
  rules: 'agent_connection_rules',
  peer: 'agent',
  peers: 'agent_cards',
  peerKey: 'name',
}

/** The secrets of these connections as the database says where they are sealed. */
function sealedColumn({ connections, peer }: ConnectionTables): SealedColumn {
  return {
    table: connections,
    column: 'secret',
    key: 'id',
    place: `id || '|' || ${peer} || '|' || coalesce(person_id, '') || '|' || version`,
  }
}

export const SEALED_CONNECTIONS: readonly SealedColumn[] = [sealedColumn(TO_SERVERS), sealedColumn(TO_AGENTS)]

/** The SQL of connections. */
export class ConnectionStore {
  readonly #store: Store
  readonly #tables: ConnectionTables
  readonly #columns: string

  constructor(store: Store, tables: ConnectionTables) {
    this.#store = store
    this.#tables = tables
    this.#columns = `id, ${tables.peer} AS peer, ${COLUMNS}`
  }

  /** The secret opens in no other row, for no other owner, at no other peer, and an earlier one never again. */
  placeOf({
    id,
    server,
    person,
    version,
  }: Pick<Connection, 'id' | 'server' | 'person' | 'version'>): SealedPlace {
    const { connections: table } = this.#tables
    return { table, column: 'secret', id: `${id}|${server}|${person ?? ''}|${version}` }
  }

  all(): Connection[] {
    return this.#store
      .all(`SELECT ${this.#columns} FROM ${this.#tables.connections} ORDER BY id`)
      .map(toConnection)
  }

  one(id: ConnectionId): Connection | undefined {
    const row = this.#store.get(`SELECT ${this.#columns} FROM ${this.#tables.connections} WHERE id = ?`, id)
    return row && toConnection(row)
  }

  /** The sealed secret with what it is sealed for, as both stand at one moment. */
  sealed(id: ConnectionId): { readonly connection: Connection; readonly secret: Uint8Array } | undefined {
    const row = this.#store.get(
      `SELECT ${this.#columns}, secret FROM ${this.#tables.connections} WHERE id = ?`,
      id,
    )
    return row && { connection: toConnection(row), secret: row['secret'] as Uint8Array }
  }

  rules(): Map<string, OwnerRule> {
    const rows = this.#store.all(`SELECT ${this.#tables.peer} AS peer, owner FROM ${this.#tables.rules}`)
    return new Map(rows.map((row) => [String(row['peer']), row['owner'] as OwnerRule]))
  }

  /** A conflict when the server is gone, or its owner has one there already. */
  insert(connection: Connection, secret: Uint8Array): Statement {
    const { id, server, person, kind, issuer, account, version, renews, expiresAt, createdAt, createdBy } =
      connection
    const { connections, peer, peers, peerKey } = this.#tables
    return {
      sql: `INSERT INTO ${connections} (id, ${peer}, person_id, kind, issuer, account, state, secret, version, renews, expires_at, created_at, created_by)
        SELECT ?, ?, ?, ?, ?, ?, 'connected', ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM ${peers} WHERE ${peerKey} = ?)
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
      sql: `UPDATE ${this.#tables.connections} SET kind = ?, issuer = ?, account = ?, state = 'connected', secret = ?, version = ?, renews = ?, expires_at = ?
        WHERE id = ? AND version = ? RETURNING id`,
      parameters: [kind, issuer, account, secret, version, renews ? 1 : 0, expiresAt, id, version - 1],
      expect: 'changed',
    }
  }

  /** Works no more; a conflict when it was replaced meanwhile, or is known to work no more. */
  fail({ id, version }: Pick<Connection, 'id' | 'version'>): Statement {
    return {
      sql: `UPDATE ${this.#tables.connections} SET state = 'reconnect' WHERE id = ? AND version = ? AND state = 'connected' RETURNING id`,
      parameters: [id, version],
      expect: 'changed',
    }
  }

  remove(id: ConnectionId): Statement {
    return {
      sql: `DELETE FROM ${this.#tables.connections} WHERE id = ? RETURNING id`,
      parameters: [id],
      expect: 'changed',
    }
  }

  touch(id: ConnectionId, at: number): Statement {
    return { sql: `UPDATE ${this.#tables.connections} SET used_at = ? WHERE id = ?`, parameters: [at, id] }
  }

  setRule(server: string, owner: OwnerRule): Statement {
    const { rules, peer, peers, peerKey } = this.#tables
    return {
      sql: `INSERT INTO ${rules} (${peer}, owner) SELECT ?, ? WHERE EXISTS (SELECT 1 FROM ${peers} WHERE ${peerKey} = ?)
        ON CONFLICT (${peer}) DO UPDATE SET owner = excluded.owner RETURNING owner`,
      parameters: [server, owner, server],
      expect: 'changed',
    }
  }
}

const COLUMNS =
  'person_id, kind, issuer, account, state, version, renews, expires_at, created_at, created_by, used_at'

function toConnection(row: Row): Connection {
  return Object.freeze({
    id: row['id'] as ConnectionId,
    server: String(row['peer']),
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
