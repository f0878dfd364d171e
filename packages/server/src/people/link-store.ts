import type { GroupId, InvitationId, PersonId, Role } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Row, Statement, Store } from '../store/index.ts'

export interface LinkRow {
  readonly id: InvitationId
  readonly kind: 'setup' | 'invite' | 'reset'
  /** SHA-256 of the secret in the link. */
  readonly hash: Uint8Array
  readonly email: string
  readonly roles: readonly Role[]
  readonly groups: readonly GroupId[]
  readonly person: PersonId | null
  readonly dropFactors: boolean
  readonly createdAt: number
  readonly expiresAt: number
}

/** The SQL of links that work once. */
export class LinkStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find(kind: LinkRow['kind'], hash: Uint8Array): LinkRow | undefined {
    const row = this.#store.get('SELECT * FROM one_time_links WHERE kind = ? AND hash = ?', kind, hash)
    return row && toLink(row)
  }

  invitations(now: number): LinkRow[] {
    return this.#store
      .all("SELECT * FROM one_time_links WHERE kind = 'invite' AND expires_at > ? ORDER BY created_at", now)
      .map(toLink)
  }

  insert(link: LinkRow): Statement {
    return {
      sql: `INSERT INTO one_time_links (id, kind, hash, email, roles, groups, person_id, drop_factors, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      parameters: [
        link.id,
        link.kind,
        link.hash,
        link.email,
        canonicalJson(link.roles),
        canonicalJson(link.groups),
        link.person,
        link.dropFactors ? 1 : 0,
        link.createdAt,
        link.expiresAt,
      ],
    }
  }

  /** Goes after a new invitation, and rolls it back when there are too many: every account begins as one. */
  requireRoom(limits: { readonly people: number; readonly invitations: number }, now: number): Statement {
    return {
      sql: `SELECT 1 FROM (SELECT count(*) AS open FROM one_time_links WHERE kind = 'invite' AND expires_at > ?)
        WHERE open <= ? AND open + (SELECT count(*) FROM people) <= ?`,
      parameters: [now, limits.invitations, limits.people],
      expect: 'changed',
    }
  }

  /** Conflict when it was used, withdrawn or replaced, or its time is over. */
  use(link: LinkRow, now: number): Statement {
    return {
      sql: 'DELETE FROM one_time_links WHERE id = ? AND hash = ? AND expires_at > ?',
      parameters: [link.id, link.hash, now],
      expect: 'changed',
    }
  }

  withdraw(id: InvitationId): Statement {
    return {
      sql: "DELETE FROM one_time_links WHERE id = ? AND kind = 'invite'",
      parameters: [id],
      expect: 'changed',
    }
  }

  /** What a new link of the same kind for the same person takes the place of, and all that is over. */
  deleteEarlier(link: Pick<LinkRow, 'kind' | 'email' | 'person'>, now: number): Statement {
    return {
      sql: `DELETE FROM one_time_links WHERE expires_at <= ? OR (kind = ? AND email = ? AND person_id IS ?)`,
      parameters: [now, link.kind, link.email, link.person],
    }
  }

  deleteOfPerson(person: PersonId): Statement {
    return { sql: 'DELETE FROM one_time_links WHERE person_id = ?', parameters: [person] }
  }
}

function toLink(row: Row): LinkRow {
  return {
    id: String(row['id']) as InvitationId,
    kind: String(row['kind']) as LinkRow['kind'],
    hash: row['hash'] as Uint8Array,
    email: String(row['email']),
    roles: JSON.parse(String(row['roles'])) as Role[],
    groups: JSON.parse(String(row['groups'])) as GroupId[],
    person: row['person_id'] === null ? null : (String(row['person_id']) as PersonId),
    dropFactors: row['drop_factors'] === 1,
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at']),
  }
}
