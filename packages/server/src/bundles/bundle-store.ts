import { bundleTerms, type BundleTerms } from '@parley/contract'
import type { Statement, Store } from '../store/index.ts'

/** The only SQL of bundles. */
export class BundleStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  all(): { name: string; terms: BundleTerms }[] {
    return this.#store.all('SELECT name, terms FROM bundles ORDER BY name').map((row) => ({
      name: String(row['name']),
      terms: bundleTerms.parse(JSON.parse(String(row['terms']))),
    }))
  }

  insert(name: string, terms: BundleTerms, at: number): Statement {
    return {
      sql: 'INSERT INTO bundles (name, terms, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1',
      parameters: [name, JSON.stringify(terms), at],
      expect: 'changed',
    }
  }

  update(name: string, terms: BundleTerms): Statement {
    return {
      sql: 'UPDATE bundles SET terms = ? WHERE name = ? RETURNING 1',
      parameters: [JSON.stringify(terms), name],
      expect: 'changed',
    }
  }

  remove(name: string): Statement {
    return { sql: 'DELETE FROM bundles WHERE name = ? RETURNING 1', parameters: [name], expect: 'changed' }
  }
}
