import type { SealedColumn } from '../sealing/index.ts'
import type { CapabilityName, Principal, TaskId, TaskState } from '@parley/contract'
import type { Row, Statement, Store } from '../store/index.ts'
import {
  isFinal,
  type AgentTasksQuery,
  type NewTask,
  type Task,
  type TaskChange,
  type TaskEvent,
} from './task.ts'

/** What is kept sealed with a task. */
export interface SealedParts {
  readonly upstreamRef?: Buffer | undefined
  readonly outcome?: Buffer | undefined
  readonly outcomeBytes?: number | undefined
  readonly parts?: Buffer | undefined
}

/** Tasks of one owner at one server in one state. */
export interface TaskCount {
  readonly face: string
  readonly owner: string
  readonly server: string
  readonly state: TaskState
  readonly tasks: number
  readonly bytes: number
}

const COLUMNS = `id, owner, face, state, version, principal, server, context, action, capability, arguments_digest, message,
  created_at, updated_at, ttl_ms, poll_interval_ms, expires_at, upstream_ref IS NOT NULL AS is_elsewhere,
  is_tool_error, outcome_bytes`
const UNFINISHED = "state IN ('submitted', 'working', 'input_required', 'auth_required')"

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
  findOwned(owner: string, face: string, id: string): Task | undefined {
    const row = this.#store.get(
      `SELECT ${COLUMNS} FROM tasks WHERE owner = ? AND face = ? AND id = ?`,
      owner,
      face,
      id,
    )
    return row && toTask(row)
  }

  findByMessage(key: string): Task | undefined {
    const row = this.#store.get(
      `SELECT ${COLUMNS} FROM tasks WHERE id = (SELECT task FROM task_messages WHERE key = ?)`,
      key,
    )
    return row && toTask(row)
  }

  findByForeignKey(key: string): Task | undefined {
    const row = this.#store.get(`SELECT ${COLUMNS} FROM tasks WHERE foreign_key = ?`, key)
    return row && toTask(row)
  }

  /** Newest first: `before` is the id to go on from. */
  listOwned(owner: string, before: string | undefined, limit: number): Task[] {
    return this.#store
      .all(
        `SELECT ${COLUMNS} FROM tasks WHERE owner = ? AND face = 'mcp' AND id < ? ORDER BY id DESC LIMIT ?`,
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

  /** The last changed first. */
  listOfAgent(query: AgentTasksQuery): Task[] {
    const { where, parameters } = whereOfAgent(query)
    const { after } = query
    const next = after ? ' AND (updated_at, id) < (?, ?)' : ''
    return this.#store
      .all(
        `SELECT ${COLUMNS} FROM tasks WHERE ${where}${next} ORDER BY updated_at DESC, id DESC LIMIT ?`,
        ...parameters,
        ...(after ? [after.updatedAt, after.id] : []),
        query.limit,
      )
      .map(toTask)
  }

  countOfAgent(query: Omit<AgentTasksQuery, 'after' | 'limit'>): number {
    const { where, parameters } = whereOfAgent(query)
    return Number(
      this.#store.get(`SELECT count(*) AS tasks FROM tasks WHERE ${where}`, ...parameters)?.['tasks'],
    )
  }

  unfinished(face: string): Task[] {
    return this.#store
      .all(`SELECT ${COLUMNS} FROM tasks WHERE face = ? AND ${UNFINISHED} ORDER BY id`, face)
      .map(toTask)
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

  partsOf(id: string): Uint8Array[] {
    return this.#store
      .all('SELECT body FROM task_parts WHERE task = ? ORDER BY id', id)
      .map((row) => row['body'] as Uint8Array)
  }

  counts(): TaskCount[] {
    return this.#store
      .all(
        `SELECT face, owner, server, state, count(*) AS tasks, sum(outcome_bytes) AS bytes
          FROM tasks GROUP BY face, owner, server, state`,
      )
      .map((row) => ({
        face: String(row['face']),
        owner: String(row['owner']),
        server: String(row['server']),
        state: row['state'] as TaskState,
        tasks: Number(row['tasks']),
        bytes: Number(row['bytes']),
      }))
  }

  insert(
    task: Task,
    sealed: SealedParts,
    { foreignKey, messageKey }: Pick<NewTask, 'foreignKey' | 'messageKey'>,
  ): Statement[] {
    return [
      ...(messageKey === undefined ? [] : [insertMessage(task.id, messageKey)]),
      {
        sql: `INSERT INTO tasks (id, owner, face, state, principal, server, context, action, capability,
            arguments_digest, message, created_at, updated_at, ttl_ms, poll_interval_ms, expires_at, upstream_ref,
            outcome_bytes, foreign_key)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        parameters: [
          task.id,
          task.owner,
          task.face,
          task.state,
          JSON.stringify(task.principal),
          task.server,
          task.context ?? null,
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
          sealed.parts?.length ?? 0,
          foreignKey ?? null,
        ],
        expect: 'changed',
      },
      insertEvent(task),
      ...(sealed.parts ? [insertParts(task.id, sealed.parts)] : []),
    ]
  }

  /** Takes effect on the very version that `task` follows, and never on a task that has ended. */
  update(task: Task, sealed: SealedParts, { foreignKey }: Pick<TaskChange, 'foreignKey'>): Statement[] {
    return [
      {
        sql: `UPDATE tasks SET state = ?, version = ?, message = ?, updated_at = ?, ttl_ms = ?, poll_interval_ms = ?,
            expires_at = ?, upstream_ref = coalesce(?, upstream_ref), outcome = ?,
            outcome_bytes = outcome_bytes + ?, is_tool_error = ?,
            foreign_key = coalesce(?, foreign_key)
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
          (sealed.outcomeBytes ?? 0) + (sealed.parts?.length ?? 0),
          task.isToolError ? 1 : 0,
          foreignKey ?? null,
          task.id,
          task.version - 1,
        ],
        expect: 'changed',
      },
      insertEvent(task),
      ...(sealed.parts ? [insertParts(task.id, sealed.parts)] : []),
      // What went to an agent may be referred to later; a server's task is done with.
      ...(isFinal(task.state) && task.face === 'mcp' ? [forgetSecrets(task.id)] : []),
    ]
  }

  insertMessage(task: TaskId, key: string): Statement {
    const { sql, parameters } = insertMessage(task, key)
    return { sql, parameters }
  }

  /** Never on a task that has ended. */
  addParts(
    id: TaskId,
    parts: Buffer,
    { at, message }: { readonly at: number; readonly message: string | undefined },
  ): Statement[] {
    return [
      {
        sql: `UPDATE tasks SET updated_at = max(updated_at, ?), message = coalesce(?, message),
            expires_at = max(expires_at, ? + ttl_ms), outcome_bytes = outcome_bytes + ?
          WHERE id = ? AND ${UNFINISHED}`,
        parameters: [at, message ?? null, at, parts.length, id],
        expect: 'changed',
      },
      insertParts(id, parts),
    ]
  }

  delete(ids: readonly TaskId[]): Statement[] {
    const list = JSON.stringify(ids)
    return [
      {
        sql: `DELETE FROM tasks WHERE id IN (SELECT value FROM json_each(?))
          RETURNING face, owner, server, state, outcome_bytes`,
        parameters: [list],
      },
      ...['task_events', 'task_parts', 'task_messages'].map((table) => ({
        sql: `DELETE FROM ${table} WHERE task IN (SELECT value FROM json_each(?))`,
        parameters: [list],
      })),
    ]
  }
}

function whereOfAgent({ owner, server, context, state, since }: Omit<AgentTasksQuery, 'after' | 'limit'>) {
  const terms: (readonly [string, string | number | undefined])[] = [
    ['owner = ?', owner],
    ['server = ?', server],
    ['context = ?', context],
    ['state = ?', state],
    ['updated_at >= ?', since],
  ]
  const held = terms.filter((term): term is readonly [string, string | number] => term[1] !== undefined)
  return {
    where: `${held.map(([sql]) => sql).join(' AND ')} AND context IS NOT NULL`,
    parameters: held.map(([, value]) => value),
  }
}

function insertMessage(task: TaskId, key: string): Statement {
  return {
    sql: 'INSERT INTO task_messages (key, task) VALUES (?, ?) ON CONFLICT DO NOTHING',
    parameters: [key, task],
    expect: 'changed',
  }
}

function insertParts(task: TaskId, body: Buffer): Statement {
  return { sql: 'INSERT INTO task_parts (task, body) VALUES (?, ?)', parameters: [task, body] }
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
    context: textOf(row['context']),
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
    keptBytes: Number(row['outcome_bytes']),
  }
}

function textOf(value: Row[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Where what a task is about stands sealed; results may be large. */
export const SEALED_TASK_PARTS: readonly SealedColumn[] = [
  ...['upstream_ref', 'outcome'].map((column) => ({
    table: 'tasks',
    column,
    key: 'id',
    place: 'id',
    batch: 4,
  })),
  { table: 'task_parts', column: 'body', key: 'id', place: 'task', batch: 16 },
]
