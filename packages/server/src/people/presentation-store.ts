import { presentationNeeds, type PersonId, type PresentationNeeds } from '@parley/contract'
import type { SealedColumn, Sealer } from '../sealing/index.ts'
import type { Statement, Store } from '../store/index.ts'

export const SEALED_PRESENTATION_NEEDS: SealedColumn = {
  table: 'presentation_needs',
  column: 'needs',
  key: 'person_id',
  place: 'person_id',
}

const MAX_CACHED = 10_000

/** The SQL of what people need of answers; asked for at every message, so from memory until a change. */
export class PresentationStore {
  readonly #store: Store
  readonly #sealer: Sealer
  readonly #cache = new Map<PersonId, PresentationNeeds | undefined>()

  constructor(store: Store, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  find(person: PersonId): PresentationNeeds | undefined {
    if (this.#cache.has(person)) return this.#cache.get(person)
    const needs = this.#read(person)
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    this.#cache.set(person, needs)
    return needs
  }

  /** Nothing said is nothing kept. */
  put(person: PersonId, needs: PresentationNeeds): Statement {
    if (Object.keys(needs).length === 0)
      return { sql: 'DELETE FROM presentation_needs WHERE person_id = ?', parameters: [person] }
    return {
      sql: `INSERT INTO presentation_needs (person_id, needs) VALUES (?, ?)
        ON CONFLICT (person_id) DO UPDATE SET needs = excluded.needs`,
      parameters: [person, this.#sealer.seal(JSON.stringify(needs), placeOf(person))],
    }
  }

  changed(person: PersonId): void {
    this.#cache.delete(person)
  }

  #read(person: PersonId): PresentationNeeds | undefined {
    const row = this.#store.get('SELECT needs FROM presentation_needs WHERE person_id = ?', person)
    const sealed = row?.['needs']
    if (!(sealed instanceof Uint8Array)) return undefined
    return presentationNeeds.parse(JSON.parse(this.#sealer.open(sealed, placeOf(person)).toString()))
  }
}

function placeOf(id: PersonId) {
  return { table: 'presentation_needs', column: 'needs', id }
}
