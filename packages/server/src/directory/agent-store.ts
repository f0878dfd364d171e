import { canonicalJson } from '../lib/jcs.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { AgentRow, AgentTerms, CardKey, SeenCard } from './agent-row.ts'

/** The only SQL of the directory. */
export class AgentStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  agents(): AgentRow[] {
    const keys = new Map<string, CardKey[]>()
    for (const row of this.#store.all('SELECT * FROM agent_card_keys ORDER BY agent, kid')) {
      const agent = String(row['agent'])
      keys.set(agent, [...(keys.get(agent) ?? []), toKey(row)])
    }
    return this.#store
      .all('SELECT * FROM agent_cards ORDER BY name')
      .map((row) => toAgent(row, keys.get(String(row['name'])) ?? []))
  }

  insert(row: AgentRow, limit: number): Statement {
    return {
      sql: `INSERT INTO agent_cards (name, source, state, card_url, terms, card, card_hash, reason, approved_card, approved_hash,
          approved_by, approved_at, added_at)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
        WHERE (SELECT count(*) FROM agent_cards) < ? ON CONFLICT DO NOTHING RETURNING name`,
      parameters: [
        row.name,
        row.source,
        row.state,
        row.cardUrl,
        canonicalJson(row.terms),
        textOf(row.card),
        row.cardHash,
        row.reason,
        textOf(row.approvedCard),
        row.approvedHash,
        row.approvedBy,
        row.approvedAt,
        row.addedAt,
        limit,
      ],
      expect: 'changed',
    }
  }

  remove(name: string): Statement {
    return { sql: 'DELETE FROM agent_cards WHERE name = ?', parameters: [name], expect: 'changed' }
  }

  /** What was seen, and why it is held back; null: it is the approved one. */
  saveSeen(name: string, seen: SeenCard, reason: string | null): Statement {
    return {
      sql: 'UPDATE agent_cards SET card = ?, card_hash = ?, reason = ? WHERE name = ?',
      parameters: [canonicalJson(seen.body), seen.hash, reason, name],
      expect: 'changed',
    }
  }

  /** Approves exactly the card that was seen; otherwise the unit is a conflict. */
  approve(name: string, hash: string, by: { readonly actor: string; readonly at: number }): Statement {
    return {
      sql: `UPDATE agent_cards SET approved_card = card, approved_hash = card_hash, state = 'approved', reason = NULL,
          approved_by = ?, approved_at = ? WHERE name = ? AND card_hash = ?`,
      parameters: [by.actor, by.at, name, hash],
      expect: 'changed',
    }
  }

  /** It stays held back, and says by whom. */
  reject(name: string, hash: string, reason: string): Statement {
    return {
      sql: 'UPDATE agent_cards SET reason = ? WHERE name = ? AND card_hash = ? AND card_hash IS NOT approved_hash',
      parameters: [reason, name, hash],
      expect: 'changed',
    }
  }

  /** The same card, signed anew. */
  takeSignatures(name: string, hash: string): Statement {
    return {
      sql: 'UPDATE agent_cards SET approved_card = card WHERE name = ? AND card_hash = ? AND approved_hash = card_hash',
      parameters: [name, hash],
      expect: 'changed',
    }
  }

  insertKey(agent: string, key: CardKey): Statement {
    return {
      sql: `INSERT INTO agent_card_keys (agent, kid, public_key, added_at, expires_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING RETURNING kid`,
      parameters: [agent, key.kid, canonicalJson(key.publicKey), key.addedAt, key.expiresAt],
      expect: 'changed',
    }
  }

  deleteKeys(agent: string): Statement {
    return { sql: 'DELETE FROM agent_card_keys WHERE agent = ?', parameters: [agent] }
  }

  deleteKey(agent: string, kid: string): Statement {
    return {
      sql: 'DELETE FROM agent_card_keys WHERE agent = ? AND kid = ?',
      parameters: [agent, kid],
      expect: 'changed',
    }
  }

  setTerms(name: string, terms: AgentTerms): Statement {
    return {
      sql: 'UPDATE agent_cards SET terms = ? WHERE name = ?',
      parameters: [canonicalJson(terms), name],
      expect: 'changed',
    }
  }
}

function textOf(value: JsonObject | null): string | null {
  return value === null ? null : canonicalJson(value)
}

function toKey(row: Row): CardKey {
  return {
    kid: String(row['kid']),
    publicKey: JSON.parse(String(row['public_key'])) as CardKey['publicKey'],
    addedAt: Number(row['added_at']),
    expiresAt: row['expires_at'] === null ? null : Number(row['expires_at']),
  }
}

function toAgent(row: Row, keys: readonly CardKey[]): AgentRow {
  return {
    name: String(row['name']),
    source: String(row['source']) as AgentRow['source'],
    state: row['state'] === 'approved' ? 'approved' : 'pending',
    cardUrl: textIn(row['card_url']),
    terms: JSON.parse(String(row['terms'])) as AgentTerms,
    card: objectIn(row['card']),
    cardHash: textIn(row['card_hash']),
    reason: textIn(row['reason']),
    approvedCard: objectIn(row['approved_card']),
    approvedHash: textIn(row['approved_hash']),
    approvedBy: textIn(row['approved_by']),
    approvedAt: row['approved_at'] === null ? null : Number(row['approved_at']),
    addedAt: Number(row['added_at']),
    keys,
  }
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function objectIn(value: unknown): JsonObject | null {
  return typeof value === 'string' ? (JSON.parse(value) as JsonObject) : null
}
