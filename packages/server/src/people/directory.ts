import type { PersonId } from '@parley/contract'
import type { Store, Statement } from '../store/index.ts'
import type { Person } from './people.ts'
import type { PeopleStore } from './people-store.ts'

const MAX_CACHED = 10_000
const VERSION_NAME = 'people-version'

/** People as they are asked for at every call: from memory, until a change. */
export class Directory {
  readonly #people: PeopleStore
  readonly #cache = new Map<PersonId, Person>()
  #version: number

  constructor(store: Store, people: PeopleStore) {
    this.#people = people
    this.#version = Number(
      store.get('SELECT value FROM settings WHERE name = ?', VERSION_NAME)?.['value'] ?? 0,
    )
  }

  get version(): number {
    return this.#version
  }

  find(id: PersonId): Person | undefined {
    const known = this.#cache.get(id)
    if (known) return known
    const person = this.#people.person(id)
    if (!person) return undefined
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    this.#cache.set(id, person)
    return person
  }

  /** Counts a change in its own unit, so that the number is never given twice, restarts included. */
  countChange(): Statement {
    return {
      sql: `INSERT INTO settings (name, value) VALUES (?, '1')
        ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING value`,
      parameters: [VERSION_NAME],
    }
  }

  changed(): void {
    this.#version += 1
    this.#cache.clear()
  }
}
