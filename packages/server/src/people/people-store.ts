import type { GroupId, PersonId, Role } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Group, Person } from './people.ts'

export interface NewPerson extends Omit<Person, 'groups' | 'state'> {
  readonly handle: Uint8Array
  readonly password: string | null
}

/** The SQL of people and groups. */
export class PeopleStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  person(id: PersonId): Person | undefined {
    const row = this.#store.get('SELECT * FROM people WHERE id = ?', id)
    return row && this.#toPerson(row)
  }

  personByEmail(email: string): Person | undefined {
    const row = this.#store.get('SELECT * FROM people WHERE email = ?', email)
    return row && this.#toPerson(row)
  }

  people(): Person[] {
    return this.#store.all('SELECT * FROM people ORDER BY email').map((row) => this.#toPerson(row))
  }

  password(id: PersonId): string | null {
    const row = this.#store.get('SELECT password FROM people WHERE id = ?', id)
    return typeof row?.['password'] === 'string' ? row['password'] : null
  }

  handle(id: PersonId): Uint8Array | undefined {
    return this.#store.get('SELECT handle FROM people WHERE id = ?', id)?.['handle'] as Uint8Array | undefined
  }

  hasAdministrator(): boolean {
    return this.#store.get(`SELECT 1 FROM people WHERE ${IS_ADMINISTRATOR}`) !== undefined
  }

  groups(): Group[] {
    return this.#store.all('SELECT * FROM groups ORDER BY name').map((row) => ({
      id: String(row['id']) as GroupId,
      name: String(row['name']),
      createdAt: Number(row['created_at']),
    }))
  }

  /** Conflict when the address has an account already. */
  insertPerson(person: NewPerson): Statement {
    return {
      sql: `INSERT INTO people (id, email, name, roles, state, password, handle, created_at)
        VALUES (?, ?, ?, ?, 'active', ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
      parameters: [
        person.id,
        person.email,
        person.name,
        canonicalJson(person.roles),
        person.password,
        person.handle,
        person.createdAt,
      ],
      expect: 'changed',
    }
  }

  /** Conflict when there is an administrator already. */
  requireNoAdministrator(): Statement {
    return {
      sql: `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM people WHERE ${IS_ADMINISTRATOR})`,
      parameters: [],
      expect: 'changed',
    }
  }

  /** Goes after a change that could take the last administrator away, and then rolls it back. */
  requireAdministrator(): Statement {
    return {
      sql: `SELECT 1 WHERE EXISTS (SELECT 1 FROM people WHERE ${IS_ADMINISTRATOR})`,
      parameters: [],
      expect: 'changed',
    }
  }

  setPassword(id: PersonId, password: string | null): Statement {
    return {
      sql: 'UPDATE people SET password = ? WHERE id = ?',
      parameters: [password, id],
      expect: 'changed',
    }
  }

  setRoles(id: PersonId, roles: readonly Role[]): Statement {
    return {
      sql: 'UPDATE people SET roles = ? WHERE id = ?',
      parameters: [canonicalJson(roles), id],
      expect: 'changed',
    }
  }

  setState(id: PersonId, state: Person['state']): Statement {
    return {
      sql: 'UPDATE people SET state = ? WHERE id = ? AND state <> ?',
      parameters: [state, id, state],
      expect: 'changed',
    }
  }

  deletePerson(id: PersonId): Statement {
    return { sql: 'DELETE FROM people WHERE id = ?', parameters: [id], expect: 'changed' }
  }

  /** Groups that are gone are left out. */
  setGroups(id: PersonId, groups: readonly GroupId[]): Statement[] {
    return [
      { sql: 'DELETE FROM group_members WHERE person_id = ?', parameters: [id] },
      {
        sql: `INSERT INTO group_members (group_id, person_id)
          SELECT groups.id, people.id FROM groups, people WHERE people.id = ? AND groups.id IN (SELECT value FROM json_each(?))`,
        parameters: [id, canonicalJson(groups)],
      },
    ]
  }

  insertGroup(group: Group, limit: number): Statement {
    return {
      sql: `INSERT INTO groups (id, name, created_at)
        SELECT ?, ?, ? WHERE (SELECT count(*) FROM groups) < ? ON CONFLICT DO NOTHING RETURNING id`,
      parameters: [group.id, group.name, group.createdAt, limit],
      expect: 'changed',
    }
  }

  deleteGroup(id: GroupId): Statement {
    return { sql: 'DELETE FROM groups WHERE id = ?', parameters: [id], expect: 'changed' }
  }

  #toPerson(row: Row): Person {
    const id = String(row['id']) as PersonId
    const groups = this.#store.all('SELECT group_id FROM group_members WHERE person_id = ?', id)
    return Object.freeze({
      id,
      email: String(row['email']),
      name: String(row['name']),
      roles: Object.freeze(JSON.parse(String(row['roles'])) as Role[]),
      groups: Object.freeze(groups.map((one) => String(one['group_id']) as GroupId)),
      state: row['state'] === 'active' ? 'active' : 'suspended',
      createdAt: Number(row['created_at']),
    })
  }
}

const IS_ADMINISTRATOR = `state = 'active' AND EXISTS (SELECT 1 FROM json_each(people.roles) WHERE value = 'admin')`
