import { createHash } from 'node:crypto'
import type { AppId, Id, PersonId, SessionId } from '@parley/contract'
import type { Authorization, BearerChallenge } from '../oauth-client/index.ts'
import type { SealedColumn, Sealer } from '../sealing/index.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { Owner } from './connection-grant.ts'

/** A person's way to an authorization server and back. */
export interface ConnectRequest {
  readonly id: Id<'connect'>
  /** The only one who can go it. */
  readonly person: PersonId
  readonly owner: Owner
  /** Through which the call came that needs it; null when the person began it in their account. */
  readonly app: AppId | null
  readonly server: string
  readonly challenge: BearerChallenge | undefined
  readonly state: 'open' | 'away' | 'back' | 'connected' | 'denied' | 'failed'
  readonly session: SessionId | null
  readonly createdAt: number
  readonly expiresAt: number
}

/** Requests that ended are forgotten after a day. */
const KEPT_MS = 24 * 60 * 60_000

/** Where what a way takes along stands sealed. */
export const SEALED_CONNECT_REQUESTS: SealedColumn = {
  table: 'connect_requests',
  column: 'sealed',
  key: 'id',
  place: 'id',
}

/** SQL of requests to connect. */
export class ConnectRequestStore {
  readonly #store: Store
  readonly #sealer: Sealer

  constructor(store: Store, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  find(id: string): ConnectRequest | undefined {
    const row = this.#store.get('SELECT * FROM connect_requests WHERE id = ?', id)
    return row && toRequest(row)
  }

  findByState(state: string): ConnectRequest | undefined {
    const row = this.#store.get('SELECT * FROM connect_requests WHERE state_hash = ?', hashOf(state))
    return row && toRequest(row)
  }

  /** The latest one. */
  findOpen(person: PersonId, server: string, owner: Owner, now: number): ConnectRequest | undefined {
    const row = this.#store.get(
      `SELECT * FROM connect_requests WHERE person_id = ? AND server_id = ? AND is_shared = ?
        AND state IN ('open', 'away') AND expires_at > ? ORDER BY created_at DESC LIMIT 1`,
      person,
      server,
      owner === null ? 1 : 0,
      now,
    )
    return row && toRequest(row)
  }

  openCount(person: PersonId, now: number): number {
    const row = this.#store.get(
      "SELECT count(*) AS open FROM connect_requests WHERE person_id = ? AND state IN ('open', 'away') AND expires_at > ?",
      person,
      now,
    )
    return Number(row?.['open'] ?? 0)
  }

  /** What the person took along; readable while they are away. */
  authorization(id: ConnectRequest['id']): Authorization | undefined {
    const row = this.#store.get('SELECT sealed FROM connect_requests WHERE id = ?', id)
    if (!row || row['sealed'] === null) return undefined
    return JSON.parse(this.#sealer.open(row['sealed'] as Uint8Array, placeOf(id)).toString()) as Authorization
  }

  sweep(now: number): Statement {
    return { sql: 'DELETE FROM connect_requests WHERE expires_at < ?', parameters: [now - KEPT_MS] }
  }

  insert(request: ConnectRequest): Statement {
    const { id, person, owner, app, server, challenge, createdAt, expiresAt } = request
    return {
      sql: `INSERT INTO connect_requests (id, person_id, is_shared, app, server_id, challenge, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      parameters: [
        id,
        person,
        owner === null ? 1 : 0,
        app,
        server,
        challenge ? JSON.stringify(challenge) : null,
        createdAt,
        expiresAt,
      ],
    }
  }

  /** The person agreed and goes; another way that was begun before leads nowhere from now on. */
  leave(
    id: ConnectRequest['id'],
    how: { session: SessionId; authorization: Authorization; now: number; expiresAt: number },
  ): Statement {
    const sealed = this.#sealer.seal(JSON.stringify(how.authorization), placeOf(id))
    const parameters = [how.session, hashOf(how.authorization.state), sealed, how.expiresAt, id, how.now]
    return {
      sql: `UPDATE connect_requests SET state = 'away', session = ?, state_hash = ?, sealed = ?, expires_at = ?
        WHERE id = ? AND state IN ('open', 'away') AND expires_at > ? RETURNING 1`,
      parameters,
      expect: 'changed',
    }
  }

  /** Once: a state that comes a second time changes nothing. */
  comeBack(id: ConnectRequest['id'], state: string, now: number): Statement {
    return {
      sql: `UPDATE connect_requests SET state = 'back', sealed = NULL
        WHERE id = ? AND state_hash = ? AND state = 'away' AND expires_at > ? RETURNING 1`,
      parameters: [id, hashOf(state), now],
      expect: 'changed',
    }
  }

  settle(
    id: ConnectRequest['id'],
    from: 'open' | 'back',
    to: 'connected' | 'denied' | 'failed' | 'open',
  ): Statement {
    return {
      sql: `UPDATE connect_requests SET state = ?, sealed = NULL WHERE id = ? AND state ${from === 'open' ? "IN ('open', 'away')" : "= 'back'"} RETURNING 1`,
      parameters: [to, id],
      expect: 'changed',
    }
  }
}

function hashOf(state: string): string {
  return createHash('sha256').update(state).digest('base64url')
}

function placeOf(id: ConnectRequest['id']) {
  return { table: 'connect_requests', column: 'sealed', id }
}

function toRequest(row: Row): ConnectRequest {
  return {
    id: row['id'] as ConnectRequest['id'],
    person: row['person_id'] as PersonId,
    owner: row['is_shared'] === 1 ? null : (row['person_id'] as PersonId),
    app: row['app'] as AppId | null,
    server: String(row['server_id']),
    challenge:
      row['challenge'] === null ? undefined : (JSON.parse(String(row['challenge'])) as BearerChallenge),
    state: row['state'] as ConnectRequest['state'],
    session: row['session'] as SessionId | null,
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at']),
  }
}
