import type { Acr, PersonId, SessionId } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { BrowserSession } from './people.ts'

export interface SessionRow extends BrowserSession {
  /** SHA-256 of the cookie. */
  readonly hash: Uint8Array
  /** Milliseconds since the epoch, as the rest; 0: never in this session. */
  readonly passwordAt: number
  readonly createdAt: number
  readonly lastUsedAt: number
  readonly expiresAt: number
  /** For people to recognize it by. */
  readonly browser: string
}

/** The SQL of browser sessions. */
export class SessionStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Of an active person. */
  byHash(hash: Uint8Array): SessionRow | undefined {
    const row = this.#store.get(
      `SELECT browser_sessions.* FROM browser_sessions JOIN people ON people.id = person_id
        WHERE hash = ? AND people.state = 'active'`,
      hash,
    )
    return row && toSession(row)
  }

  ofPerson(person: PersonId): SessionRow[] {
    return this.#store
      .all('SELECT * FROM browser_sessions WHERE person_id = ? ORDER BY last_used_at DESC', person)
      .map(toSession)
  }

  /** Makes room: what has ended, and the oldest of a person beyond the limit. */
  prune(person: PersonId, limit: { readonly now: number; readonly keep: number }): Statement[] {
    return [
      { sql: 'DELETE FROM browser_sessions WHERE expires_at <= ?', parameters: [limit.now] },
      {
        sql: `DELETE FROM browser_sessions WHERE person_id = ?1 AND id NOT IN
          (SELECT id FROM browser_sessions WHERE person_id = ?1 ORDER BY last_used_at DESC LIMIT ?2)`,
        parameters: [person, limit.keep],
      },
    ]
  }

  insert(session: SessionRow): Statement {
    return {
      sql: `INSERT INTO browser_sessions
          (id, person_id, hash, acr, amr, auth_time, password_at, created_at, last_used_at, expires_at, browser)
        SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM people WHERE id = ? AND state = 'active' RETURNING id`,
      parameters: [
        session.id,
        session.hash,
        session.acr,
        canonicalJson(session.amr),
        session.authTime,
        session.passwordAt,
        session.createdAt,
        session.lastUsedAt,
        session.expiresAt,
        session.browser,
        session.person,
      ],
      expect: 'changed',
    }
  }

  /** Under a new cookie; conflict when the old one ended meanwhile. */
  replace(old: SessionRow, next: SessionRow): Statement {
    return {
      sql: `UPDATE browser_sessions SET hash = ?, acr = ?, amr = ?, auth_time = ?, password_at = ?, last_used_at = ?, expires_at = ?
        WHERE id = ? AND hash = ?`,
      parameters: [
        next.hash,
        next.acr,
        canonicalJson(next.amr),
        next.authTime,
        next.passwordAt,
        next.lastUsedAt,
        next.expiresAt,
        old.id,
        old.hash,
      ],
      expect: 'changed',
    }
  }

  touch(id: SessionId, at: number): Statement {
    return { sql: 'UPDATE browser_sessions SET last_used_at = ? WHERE id = ?', parameters: [at, id] }
  }

  delete(person: PersonId, id: SessionId): Statement {
    return { sql: 'DELETE FROM browser_sessions WHERE person_id = ? AND id = ?', parameters: [person, id] }
  }

  deleteOfPerson(person: PersonId): Statement {
    return { sql: 'DELETE FROM browser_sessions WHERE person_id = ?', parameters: [person] }
  }
}

function toSession(row: Row): SessionRow {
  return {
    id: String(row['id']) as SessionId,
    person: String(row['person_id']) as PersonId,
    hash: row['hash'] as Uint8Array,
    acr: String(row['acr']) as Acr,
    amr: JSON.parse(String(row['amr'])) as string[],
    authTime: Number(row['auth_time']),
    passwordAt: Number(row['password_at']),
    createdAt: Number(row['created_at']),
    lastUsedAt: Number(row['last_used_at']),
    expiresAt: Number(row['expires_at']),
    browser: String(row['browser']),
  }
}
