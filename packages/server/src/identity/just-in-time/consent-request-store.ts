import type { AppId, CapabilityRule, ConsentId, GrantId, PersonId } from '@parley/contract'
import type { Row, Statement, Store } from '../../store/index.ts'

/** What a call asked for beyond its grant. */
export interface ConsentRequest {
  readonly id: ConsentId
  readonly grant: GrantId
  /** The only one who can answer. */
  readonly person: PersonId
  readonly app: AppId | null
  /** What the grant would get; one with conditions on arguments is for calls like the one that asked. */
  readonly rules: readonly CapabilityRule[]
  readonly state: 'open' | 'allowed' | 'denied'
  readonly createdAt: number
  readonly expiresAt: number
}

/** Requests that ended are forgotten after a day. */
const KEPT_MS = 24 * 60 * 60_000

/** SQL of requests for consent. */
export class ConsentRequestStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find(id: string): ConsentRequest | undefined {
    const row = this.#store.get('SELECT * FROM consent_requests WHERE id = ?', id)
    return row && toRequest(row)
  }

  findOpen(grant: GrantId, rules: readonly CapabilityRule[], now: number): ConsentRequest | undefined {
    const row = this.#store.get(
      "SELECT * FROM consent_requests WHERE grant_id = ? AND capabilities = ? AND state = 'open' AND expires_at > ?",
      grant,
      JSON.stringify(rules),
      now,
    )
    return row && toRequest(row)
  }

  openCount(grant: GrantId, now: number): number {
    const row = this.#store.get(
      "SELECT count(*) AS open FROM consent_requests WHERE grant_id = ? AND state = 'open' AND expires_at > ?",
      grant,
      now,
    )
    return Number(row?.['open'] ?? 0)
  }

  /** Makes room for a new one: what expired unanswered may be asked again. */
  sweep(grant: GrantId, now: number): Statement[] {
    return [
      { sql: 'DELETE FROM consent_requests WHERE expires_at < ?', parameters: [now - KEPT_MS] },
      {
        sql: "DELETE FROM consent_requests WHERE grant_id = ? AND state = 'open' AND expires_at <= ?",
        parameters: [grant, now],
      },
    ]
  }

  /** Happens once as long as the same is open. */
  insert(request: ConsentRequest): Statement {
    return {
      sql: `INSERT INTO consent_requests (id, grant_id, person, app, capabilities, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
      parameters: [
        request.id,
        request.grant,
        request.person,
        request.app,
        JSON.stringify(request.rules),
        request.createdAt,
        request.expiresAt,
      ],
      expect: 'changed',
    }
  }

  settle(id: ConsentId, state: 'allowed' | 'denied', now: number): Statement {
    return {
      sql: "UPDATE consent_requests SET state = ? WHERE id = ? AND state = 'open' AND expires_at > ? RETURNING 1",
      parameters: [state, id, now],
      expect: 'changed',
    }
  }
}

function toRequest(row: Row): ConsentRequest {
  return {
    id: row['id'] as ConsentId,
    grant: row['grant_id'] as GrantId,
    person: row['person'] as PersonId,
    app: row['app'] as AppId | null,
    rules: (JSON.parse(String(row['capabilities'])) as (CapabilityRule | string)[]).map(toRule),
    state: row['state'] as ConsentRequest['state'],
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at']),
  }
}

/** Rows of an earlier version have names alone. */
function toRule(kept: CapabilityRule | string): CapabilityRule {
  return typeof kept === 'string' ? { capability: kept } : kept
}
