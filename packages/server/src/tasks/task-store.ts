import type { SealedColumn } from '../sealing/index.ts'
import type { CapabilityName, Principal, TaskId, TaskState } from '@parley/contract'
import type { Row, Statement, Store } from '../store/index.ts'
import { isFinal, type Task, type TaskEvent } from './task.ts'

/** What is kept sealed with a task. */
export interface SealedParts {
  readonly upstreamRef?: Buffer | undefined
  readonly outcome?: Buffer | undefined
  readonly outcomeBytes?: number | undefined
}

export interface TaskCounts {
  readonly byOwner: ReadonlyMap<string, number>
  readonly resultBytes: number
}

const COLUMNS = `id, owner, face, state, version, principal, server, action, capability, arguments_digest, message,
  created_at, updated_at, ttl_ms, poll_interval_ms, expires_at, upstream_ref IS NOT NULL AS is_elsewhere,
  is_tool_error`
const UNFINISHED = "state IN ('working', 'input_required')"

/** The only SQL of tasks. */
export class TaskStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find(id: string): Task | undefined {
    const row = this.#store.get(`SELECT ${COLUMNS} FROM tasks WHERE id = ?`, id)
    return row && toTask(row)
  }

  /** The owner is part of the question, so that foreign tasks are not even looked at. */
  findOwned(owner: string, id: string): Task | undefined {
    const row = this.#store.get(`SELECT ${COLUMNS} FROM tasks WHERE owner = ? AND id = ?`, owner, id)
    return row && toTask(row)
  }

  /** Newest first: `before` is the id to go on from. */
  listOwned(owner: string, before: string | undefined, limit: number): Task[] {
    return this.#store
      .all(
        `SELECT ${COLUMNS} FROM tasks WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?`,
        owner,
        before ?? '~',
        limit,
      )
      .map(toTask)
  }

  list(filter: { person?: string; unfinished?: boolean }, before: string | undefined, limit: number): Task[] {
    const isOf = filter.person === undefined ? '1' : "principal ->> '$.person' = ?3"
    const stands = filter.unfinished === true ? UNFINISHED : '1'
    const person = filter.person === undefined ? [] : [filter.person]
    return this.#store
      .all(
        `SELECT ${COLUMNS} FROM tasks WHERE id < ?1 AND ${stands} AND ${isOf} ORDER BY id DESC LIMIT ?2`,
        before ?? '~',
        limit,
        ...person,
      )
      .map(toTask)
  }

  unfinished(): Task[] {
    return this.#store.all(`SELECT ${COLUMNS} FROM tasks WHERE ${UNFINISHED} ORDER BY id`).map(toTask)
  }

  expired(now: number, limit: number): Task[] {
    return this.#store
      .all(`SELECT ${COLUMNS} FROM tasks WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`, now, limit)
      .map(toTask)
  }

  events(id: string): TaskEvent[] {
    return this.#store
      .all('SELECT seq, at, state, message FROM task_events WHERE task = ? ORDER BY seq', id)
      .map((row) => ({
        seq: Number(row['seq']),
        at: Number(row['at']),
        state: row['state'] as TaskState,
        message: textOf(row['message']),
      }))
  }

  sealed(id: string, column: 'upstream_ref' | 'outcome'): Uint8Array | undefined {
    const value = this.#store.get(`SELECT ${column} AS value FROM tasks WHERE id = ?`, id)?.['value']
    return value instanceof Uint8Array ? value : undefined
  }

  counts(): TaskCounts {
    const rows = this.#store.all(
      'SELECT owner, count(*) AS tasks, sum(outcome_bytes) AS bytes FROM tasks GROUP BY owner',
    )
    return {
      byOwner: new Map(rows.map((row) => [String(row['owner']), Number(row['tasks'])])),
      resultBytes: rows.reduce((sum, row) => sum + Number(row['bytes']), 0),
    }
  }

  insert(task: Task, sealed: SealedParts): Statement[] {
    return [
      {
        sql: `INSERT INTO tasks (id, owner, face, state, principal, server, action, capability, arguments_digest, message,
            created_at, updated_at, ttl_ms, poll_interval_ms, expires_at, upstream_ref)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        parameters: [
          task.id,
          task.owner,
          task.face,
          task.state,
          JSON.stringify(task.principal),
          task.server,
          task.action,
          task.capability,
          task.argumentsDigest ?? null,
          task.message ?? null,
          task.createdAt,
          task.updatedAt,
          task.ttlMs,
          task.pollIntervalMs,
          task.expiresAt,
          sealed.upstreamRef ?? null,
        ],
      },
      insertEvent(task),
    ]
  }

  /** Takes effect on the very version that `task` follows, and never on a task that has ended. */
  update(task: Task, sealed: SealedParts): Statement[] {
    return [
      {
        sql: `UPDATE tasks SET state = ?, version = ?, message = ?, updated_at = ?, ttl_ms = ?, poll_interval_ms = ?,
            expires_at = ?, upstream_ref = coalesce(?, upstream_ref), outcome = ?, outcome_bytes = ?,
            is_tool_error = ?
          WHERE id = ? AND version = ? AND ${UNFINISHED}`,
        parameters: [
          task.state,
          task.version,
          task.message ?? null,
          task.updatedAt,
          task.ttlMs,
          task.pollIntervalMs,
          task.expiresAt,
          sealed.upstreamRef ?? null,
          sealed.outcome ?? null,
          sealed.outcomeBytes ?? 0,
          task.isToolError ? 1 : 0,
          task.id,
          task.version - 1,
        ],
        expect: 'changed',
      },
      insertEvent(task),
      ...(isFinal(task.state) ? [forgetSecrets(task.id)] : []),
    ]
  }

  delete(ids: readonly TaskId[]): Statement[] {
    const list = JSON.stringify(ids)
    return [
      {
        sql: 'DELETE FROM task_events WHERE task IN (SELECT value FROM json_each(?))',
        parameters: [list],
      },
      {
        sql: 'DELETE FROM tasks WHERE id IN (SELECT value FROM json_each(?)) RETURNING owner, outcome_bytes',
        parameters: [list],
      },
    ]
  }
}

function insertEvent(task: Task): Statement {
  return {
    sql: 'INSERT INTO task_events (task, seq, at, state, message) VALUES (?, ?, ?, ?, ?)',
    parameters: [task.id, task.version, task.updatedAt, task.state, task.message ?? null],
  }
}

/** What ended is neither looked for at a server nor run again. */
function forgetSecrets(id: TaskId): Statement {
  return { sql: 'UPDATE tasks SET upstream_ref = NULL WHERE id = ?', parameters: [id] }
}

function toTask(row: Row): Task {
  return {
    id: row['id'] as TaskId,
    owner: String(row['owner']),
    face: row['face'] as Task['face'],
    state: row['state'] as TaskState,
    version: Number(row['version']),
    principal: Object.freeze(JSON.parse(String(row['principal'])) as Principal),
    server: String(row['server']),
    action: String(row['action']),
    capability: row['capability'] as CapabilityName,
    argumentsDigest: textOf(row['arguments_digest']),
    message: textOf(row['message']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    ttlMs: Number(row['ttl_ms']),
    pollIntervalMs: Number(row['poll_interval_ms']),
    expiresAt: Number(row['expires_at']),
    isElsewhere: row['is_elsewhere'] === 1,
    isToolError: row['is_tool_error'] === 1,
  }
}

function textOf(value: Row[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Where what a task is about stands sealed; results may be large. */
export const SEALED_TASK_PARTS: readonly SealedColumn[] = ['upstream_ref', 'outcome'].map((column) => ({
  table: 'tasks',
  column,
  key: 'id',
  place: 'id',
  batch: 4,
}))
