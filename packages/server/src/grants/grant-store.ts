import type { Grant, GrantId, GrantTerms } from '@parley/contract'
import type { Row, Statement, Store } from '../store/index.ts'

/** A grant as it is kept, with what was taken of its limits. */
export interface GrantRow {
  readonly grant: Grant
  readonly callsTaken: number
  readonly amountTaken: number
}

/** Newest last, ended ones too. */
export function readGrants(store: Store): Grant[] {
  return store.all('SELECT * FROM grants ORDER BY rowid').map((row) => toGrantRow(row).grant)
}

export function readActiveGrants(store: Store, now: number): Grant[] {
  return store
    .all(
      `SELECT * FROM grants WHERE state = 'active' AND ifnull(terms ->> '$.expiresAt' > ?, TRUE) ORDER BY rowid`,
      now,
    )
    .map((row) => toGrantRow(row).grant)
}

export function readGrant(store: Store, id: GrantId): GrantRow | undefined {
  const row = store.get('SELECT * FROM grants WHERE id = ?', id)
  return row && toGrantRow(row)
}

/** Holds only while the parent is active and still has the terms that the child was held against. */
export function insertGrant(grant: Grant, parentVersion: number | undefined): Statement {
  const { id, kind, holder, person, parent, terms, createdAt, createdBy } = grant
  const values = [
    id,
    kind,
    holder.kind,
    holder.id,
    person,
    parent,
    JSON.stringify(terms),
    createdAt,
    createdBy,
  ]
  return {
    sql: `INSERT INTO grants (id, kind, holder_kind, holder_id, person_id, parent_id, terms, state, created_at, created_by)
      SELECT ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?
      WHERE ? IS NULL OR EXISTS (SELECT 1 FROM grants WHERE id = ? AND state = 'active' AND version = ?)
      RETURNING id`,
    parameters: [...values, parent, parent, parentVersion ?? null],
    expect: 'changed',
  }
}

export function updateTerms(id: GrantId, terms: GrantTerms, version: number): Statement {
  return {
    sql: `UPDATE grants SET terms = ?, version = version + 1 WHERE id = ? AND version = ? AND state = 'active' RETURNING id`,
    parameters: [JSON.stringify(terms), id, version],
    expect: 'changed',
  }
}

const BELOW = `WITH RECURSIVE below (id) AS (
  VALUES (?) UNION SELECT grants.id FROM grants JOIN below ON grants.parent_id = below.id)
  SELECT grants.id FROM below JOIN grants ON grants.id = below.id WHERE grants.state = 'active'`

/** The grant and all that was delegated from it, itself first. */
export function readActiveBelow(store: Store, id: GrantId): GrantId[] {
  return store.all(BELOW, id).map((row) => row['id'] as GrantId)
}

/**
 * Ends the grant and all below it, as long as `known` has them all: each must be told of. A conflict when something was
 * delegated meanwhile, or when nothing is left to end. Answers the ids that ended now.
 */
export function revokeAll(id: GrantId, known: readonly GrantId[], at: number): Statement {
  const ids = JSON.stringify(known)
  return {
    sql: `UPDATE grants SET state = 'revoked', revoked_at = ?
      WHERE state = 'active' AND id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM (${BELOW}) WHERE id NOT IN (SELECT value FROM json_each(?)))
      RETURNING id`,
    parameters: [at, ids, id, ids],
    expect: 'changed',
  }
}

/** Each write takes away this many that ended long ago, so that they never pile up. */
const SWEEP = 20

/** What is part of another goes first: nothing outlives what it is part of. */
export function forgetEnded(before: number): Statement {
  return {
    sql: `DELETE FROM grants WHERE id IN (SELECT id FROM grants AS ended
      WHERE (revoked_at < ? OR terms ->> '$.expiresAt' < ?)
        AND NOT EXISTS (SELECT 1 FROM grants WHERE parent_id = ended.id) LIMIT ${SWEEP})`,
    parameters: [before, before],
  }
}

/** Takes a block of calls ahead; changes nothing when so many are not left. */
export function takeCalls(id: GrantId, count: number, limit: number): Statement {
  return {
    sql: `UPDATE grants SET calls_taken = calls_taken + ?
      WHERE id = ? AND state = 'active' AND calls_taken + ? <= ? RETURNING calls_taken`,
    parameters: [count, id, count, limit],
    expect: 'changed',
  }
}

export function takeAmount(id: GrantId, amount: number, limit: number): Statement {
  return {
    sql: `UPDATE grants SET amount_taken = amount_taken + ?
      WHERE id = ? AND state = 'active' AND amount_taken + ? <= ? RETURNING amount_taken`,
    parameters: [amount, id, amount, limit],
    expect: 'changed',
  }
}

function toGrantRow(row: Row): GrantRow {
  const grant = {
    id: row['id'],
    kind: row['kind'],
    holder: { kind: row['holder_kind'], id: row['holder_id'] },
    person: row['person_id'],
    parent: row['parent_id'],
    terms: JSON.parse(String(row['terms'])),
    state: row['state'],
    version: row['version'],
    createdAt: row['created_at'],
    createdBy: row['created_by'],
    revokedAt: row['revoked_at'],
  } as unknown as Grant
  return {
    grant: Object.freeze(grant),
    callsTaken: Number(row['calls_taken']),
    amountTaken: Number(row['amount_taken']),
  }
}
