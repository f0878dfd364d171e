import type { ContentSettings } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Definition, DefinitionKind } from './catalog.ts'
import type { ServerTarget } from './server-target.ts'

export interface ServerRow {
  readonly id: string
  readonly name: string
  readonly source: 'file' | 'api'
  readonly state: 'pending' | 'approved'
  readonly target: ServerTarget
  readonly targetHash: string
  readonly pinned: boolean
}

export interface DefinitionRow {
  readonly kind: DefinitionKind
  readonly name: string
  readonly hash: string
  readonly body: JsonObject
  readonly approvedHash: string | null
  readonly approvedBody: JsonObject | null
  readonly reason: string | null
  readonly firstSeenAt: number
  readonly lastSeenAt: number
  readonly gone: boolean
}

/** The only SQL of the registry. */
export class RegistryStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  servers(): ServerRow[] {
    return this.#store.all('SELECT * FROM servers ORDER BY name').map(toServer)
  }

  definitions(serverId: string): DefinitionRow[] {
    return this.#store
      .all('SELECT * FROM definitions WHERE server_id = ? ORDER BY kind, name', serverId)
      .map(toDefinition)
  }

  /** What an administrator set for it; undefined where nothing is set. */
  contentOf(serverId: string): Partial<ContentSettings> | undefined {
    const row = this.#store.get('SELECT settings FROM content_settings WHERE server_id = ?', serverId)
    return row && (JSON.parse(String(row['settings'])) as Partial<ContentSettings>)
  }

  setContent(serverId: string, settings: Partial<ContentSettings>): Statement {
    return {
      sql: `INSERT INTO content_settings (server_id, settings) VALUES (?, ?)
        ON CONFLICT (server_id) DO UPDATE SET settings = excluded.settings RETURNING 1`,
      parameters: [serverId, canonicalJson(settings)],
      expect: 'changed',
    }
  }

  insertServer(row: ServerRow, at: number): Statement {
    return {
      sql: 'INSERT INTO servers (id, name, source, state, target, target_hash, added_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id',
      parameters: [row.id, row.name, row.source, row.state, canonicalJson(row.target), row.targetHash, at],
      expect: 'changed',
    }
  }

  deleteServer(id: string): Statement {
    return { sql: 'DELETE FROM servers WHERE id = ?', parameters: [id], expect: 'changed' }
  }

  /** A pending server becomes reachable by review; nothing of it is approved unseen any more. */
  approveServer(id: string): Statement {
    return {
      sql: "UPDATE servers SET state = 'approved', pinned = 1 WHERE id = ? AND state = 'pending'",
      parameters: [id],
      expect: 'changed',
    }
  }

  /** The first definitions are approved with their server; it happens once. */
  pin(id: string): Statement {
    return {
      sql: "UPDATE servers SET pinned = 1 WHERE id = ? AND pinned = 0 AND state = 'approved'",
      parameters: [id],
      expect: 'changed',
    }
  }

  saveDefinition(
    serverId: string,
    definition: Definition,
    options: { at: number; approve: boolean; reason: string | null },
  ): Statement[] {
    const { kind, name, hash } = definition
    const body = canonicalJson(definition.body)
    const approved = options.approve ? [hash, body] : [null, null]
    return [
      {
        sql: `INSERT INTO definitions (server_id, kind, name, hash, body, approved_hash, approved_body, reason, first_seen_at, last_seen_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (server_id, kind, name) DO UPDATE SET hash = excluded.hash, body = excluded.body, gone = 0,
            last_seen_at = excluded.last_seen_at, reason = excluded.reason,
            approved_hash = coalesce(excluded.approved_hash, approved_hash),
            approved_body = coalesce(excluded.approved_body, approved_body)`,
        parameters: [
          serverId,
          kind,
          name,
          hash,
          body,
          approved[0]!,
          approved[1]!,
          options.reason,
          options.at,
          options.at,
        ],
      },
      {
        sql: 'INSERT INTO definition_versions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        parameters: [serverId, kind, name, hash, body, options.at],
      },
      {
        sql: `DELETE FROM definition_versions WHERE server_id = ?1 AND kind = ?2 AND name = ?3 AND hash NOT IN
          (SELECT hash FROM definition_versions WHERE server_id = ?1 AND kind = ?2 AND name = ?3 ORDER BY seen_at DESC LIMIT 20)`,
        parameters: [serverId, kind, name],
      },
    ]
  }

  /** Approves exactly the hash that was seen; otherwise the unit is a conflict. */
  approve(serverId: string, item: { kind: string; name: string; hash: string }): Statement {
    return {
      sql: `UPDATE definitions SET approved_hash = hash, approved_body = body, reason = NULL
        WHERE server_id = ? AND kind = ? AND name = ? AND hash = ? AND gone = 0`,
      parameters: [serverId, item.kind, item.name, item.hash],
      expect: 'changed',
    }
  }

  markGone(serverId: string, row: Pick<DefinitionRow, 'kind' | 'name'>, at: number): Statement {
    return {
      sql: 'UPDATE definitions SET gone = 1, last_seen_at = ? WHERE server_id = ? AND kind = ? AND name = ?',
      parameters: [at, serverId, row.kind, row.name],
    }
  }

  forget(serverId: string, row: Pick<DefinitionRow, 'kind' | 'name'>): Statement[] {
    return ['definitions', 'definition_versions'].map((table) => ({
      sql: `DELETE FROM ${table} WHERE server_id = ? AND kind = ? AND name = ?`,
      parameters: [serverId, row.kind, row.name],
    }))
  }
}

function toServer(row: Row): ServerRow {
  return {
    id: String(row['id']),
    name: String(row['name']),
    source: row['source'] === 'file' ? 'file' : 'api',
    state: row['state'] === 'approved' ? 'approved' : 'pending',
    target: JSON.parse(String(row['target'])) as ServerTarget,
    targetHash: String(row['target_hash']),
    pinned: row['pinned'] === 1,
  }
}

function toDefinition(row: Row): DefinitionRow {
  const approvedBody = row['approved_body']
  return {
    kind: String(row['kind']) as DefinitionKind,
    name: String(row['name']),
    hash: String(row['hash']),
    body: JSON.parse(String(row['body'])) as JsonObject,
    approvedHash: typeof row['approved_hash'] === 'string' ? row['approved_hash'] : null,
    approvedBody: typeof approvedBody === 'string' ? (JSON.parse(approvedBody) as JsonObject) : null,
    reason: typeof row['reason'] === 'string' ? row['reason'] : null,
    firstSeenAt: Number(row['first_seen_at']),
    lastSeenAt: Number(row['last_seen_at']),
    gone: row['gone'] === 1,
  }
}
