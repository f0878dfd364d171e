import type { ResourceId } from '@parley/contract'
import type { Row, Statement, Store } from '../../store/index.ts'

export interface ResourceRow {
  readonly id: ResourceId
  readonly resource: string
  readonly name: string
  readonly scopes: Readonly<Record<string, string>>
  readonly owner: string | null
  readonly createdAt: number
}

/** SQL of resource servers elsewhere. */
export class ResourceStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  all(): ResourceRow[] {
    return this.#store.all('SELECT * FROM resources ORDER BY name, id').map(toResource)
  }

  insert(row: ResourceRow): Statement {
    return {
      sql: `INSERT INTO resources (id, resource, name, scopes, owner, created_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING RETURNING 1`,
      parameters: [row.id, row.resource, row.name, JSON.stringify(row.scopes), row.owner, row.createdAt],
      expect: 'changed',
    }
  }

  remove(id: string): Statement {
    return { sql: 'DELETE FROM resources WHERE id = ? RETURNING 1', parameters: [id], expect: 'changed' }
  }
}

function toResource(row: Row): ResourceRow {
  return {
    id: String(row['id']) as ResourceId,
    resource: String(row['resource']),
    name: String(row['name']),
    scopes: JSON.parse(String(row['scopes'])) as Record<string, string>,
    owner: row['owner'] === null ? null : String(row['owner']),
    createdAt: Number(row['created_at']),
  }
}
