import { ParleyError, isId, type ActivityFace, type PersonId, type TaskId } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import { parseExactly } from '../lib/exact-numbers.ts'
import type { JsonObject, Outcome } from '../lib/json-rpc.ts'
import type { NewId } from '../lib/random.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Statement, Store, Unit } from '../store/index.ts'
import { ownerOf } from './owner-of.ts'
import {
  isFinal,
  type AgentTasksQuery,
  type NewTask,
  type Task,
  type TaskAddition,
  type TaskChange,
  type TaskLimits,
  type TaskPage,
  type TaskParts,
} from './task.ts'
import { TaskCounts } from './task-counts.ts'
import { TaskListeners } from './task-listeners.ts'
import { TaskStore, type SealedParts } from './task-store.ts'
import type { Tasks } from './tasks.ts'

export interface TaskTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly sealer: Sealer
  readonly limits: TaskLimits
  /** What others keep of tasks goes in the same unit, and they are told once it is on disk. */
  readonly onForget?: {
    statements(ids: readonly TaskId[]): readonly Statement[]
    done(ids: readonly TaskId[]): void
  }
  /** Told when the retention could not be carried out; it is tried again. */
  readonly onError: (error: unknown) => void
}

const SWEEP_MS = 15_000
const SWEEP_SIZE = 500
/** What ran out of its time is kept so much longer, so that its owner can see it. */
const AFTERLIFE_MS = 5 * 60_000
const MAX_ATTEMPTS = 10
const DEFAULT_POLL_MS = 500
const POLL_BOUNDS_MS = { min: 100, max: 60_000 }
const MIN_TTL_MS = 1000
const MAX_MESSAGE = 1000

export function createTasks(tools: TaskTools): Tasks {
  return new DurableTasks(tools)
}

class DurableTasks implements Tasks {
  readonly #tools: TaskTools
  readonly #store: TaskStore
  readonly #listeners = new TaskListeners()
  readonly #counts: TaskCounts
  #sweeper: { cancel(): void } | undefined
  #sweeping: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(tools: TaskTools) {
    this.#tools = tools
    this.#store = new TaskStore(tools.store)
    this.#counts = new TaskCounts(tools.limits, this.#store.counts())
    this.#armSweeper()
  }

  get size(): number {
    return this.#counts.size
  }

  async create(wanted: NewTask): Promise<Task> {
    const { clock, newId, limits } = this.#tools
    const owner = ownerOf(wanted.principal)
    const createdAt = clock.now()
    const ttlMs =
      wanted.face === 'a2a'
        ? limits.agentTaskTtlMs
        : clamp(wanted.ttlMs ?? limits.ttlMs, MIN_TTL_MS, limits.maxTtlMs)
    const task: Task = {
      id: wanted.id ?? newId('task'),
      owner,
      face: wanted.face,
      state: wanted.state ?? 'working',
      version: 1,
      principal: wanted.principal,
      server: wanted.server,
      context: wanted.context,
      action: wanted.action,
      capability: wanted.capability,
      argumentsDigest: wanted.argumentsDigest,
      message: wanted.message?.slice(0, MAX_MESSAGE),
      createdAt,
      updatedAt: createdAt,
      ttlMs,
      pollIntervalMs: pollInterval(wanted.pollIntervalMs ?? DEFAULT_POLL_MS),
      expiresAt: createdAt + ttlMs,
      isElsewhere: wanted.upstreamRef !== undefined,
      isToolError: false,
      keptBytes: 0,
    }
    this.#counts.take(task)
    try {
      const sealed = this.#seal(task.id, wanted)
      const statements = [...this.#store.insert(task, sealed, wanted), ...(wanted.also ?? [])]
      const isDone = await this.#commit(task, { statements, action: 'task.create' })
      if (!isDone)
        throw new ParleyError(
          'conflict',
          'There is a task of this message, or of this name at its agent, already.',
        )
      this.#counts.keep(sealed.parts?.length ?? 0)
    } catch (error) {
      this.#counts.give(task, 0)
      throw error
    }
    return task
  }

  find(owner: string, face: ActivityFace, id: string): Task | undefined {
    return isId('task', id) ? this.#store.findOwned(owner, face, id) : undefined
  }

  findByMessage(messageKey: string): Task | undefined {
    return this.#store.findByMessage(messageKey)
  }

  async noteMessage(id: TaskId, messageKey: string): Promise<void> {
    await this.#tools.store.submit([this.#store.insertMessage(id, messageKey)])
  }

  findByForeignKey(foreignKey: string): Task | undefined {
    return this.#store.findByForeignKey(foreignKey)
  }

  findAny(id: string): Task | undefined {
    return isId('task', id) ? this.#store.find(id) : undefined
  }

  list(owner: string, before: TaskId | undefined, limit: number): TaskPage {
    return pageOf(this.#store.listOwned(owner, before, limit + 1), limit)
  }

  listAll(
    filter: { readonly person?: PersonId; readonly unfinished?: boolean },
    before: TaskId | undefined,
    limit: number,
  ): TaskPage {
    return pageOf(this.#store.list(filter, before, limit + 1), limit)
  }

  listOfAgent(query: AgentTasksQuery): readonly Task[] {
    return this.#store.listOfAgent(query)
  }

  countOfAgent(query: Omit<AgentTasksQuery, 'after' | 'limit'>): number {
    const { owner, server, state, context, since } = query
    // What can be large is counted as it changes.
    if (context === undefined && since === undefined) return this.#counts.of(owner, server, state)
    return this.#store.countOfAgent(query)
  }

  partsOf(id: TaskId): readonly object[] {
    return this.#store.partsOf(id).flatMap((sealed) => {
      const text = this.#tools.sealer.open(sealed, { table: 'task_parts', column: 'body', id })
      return parseExactly(text.toString('utf8')) as object[]
    })
  }

  events(id: TaskId) {
    return this.#store.events(id)
  }

  outcomeOf(id: TaskId): Outcome | undefined {
    return this.#open(id, 'outcome') as Outcome | undefined
  }

  upstreamRefOf(id: TaskId): JsonObject | undefined {
    return this.#open(id, 'upstream_ref')
  }

  unfinished(face: ActivityFace): readonly Task[] {
    return this.#store.unfinished(face)
  }

  async add(id: TaskId, { parts, message, also }: TaskAddition): Promise<boolean> {
    const sealed = this.#sealParts(id, parts)!
    const statements = this.#store.addParts(id, sealed, { at: this.#tools.clock.now(), message })
    const result = await this.#tools.store.submit([...statements, ...(also ?? [])])
    if (result.kind !== 'done') return false
    this.#counts.keep(sealed.length)
    return true
  }

  async change(id: TaskId, change: TaskChange): Promise<Task | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = this.#store.find(id)
      if (!before || isFinal(before.state)) return undefined
      const sealed = this.#seal(id, change)
      const newBytes = (sealed.outcomeBytes ?? 0) + (sealed.parts?.length ?? 0)
      const task = { ...this.#next(before, change), keptBytes: before.keptBytes + newBytes }
      const statements = [...this.#store.update(task, sealed, change), ...(change.also ?? [])]
      const { outcome } = change
      if (!(await this.#commit(task, { statements, action: actionOf(task.state), outcome }))) continue
      this.#counts.keep(task.keptBytes - before.keptBytes)
      this.#counts.move(before, task.state)
      this.#listeners.tell(task)
      return task
    }
    throw new ParleyError('conflict', 'The task changes too fast; try again.')
  }

  onChange(listener: (task: Task) => void): () => void {
    return this.#listeners.add(listener)
  }

  watch(id: TaskId, listener: (task: Task) => void): () => void {
    return this.#listeners.watch(id, listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#sweeper?.cancel()
    await this.#sweeping
  }

  #next(before: Task, change: TaskChange): Task {
    const updatedAt = Math.max(this.#tools.clock.now(), before.updatedAt)
    return {
      ...before,
      state: change.state,
      version: before.version + 1,
      message: change.message?.slice(0, MAX_MESSAGE),
      updatedAt,
      pollIntervalMs: pollInterval(change.pollIntervalMs ?? before.pollIntervalMs),
      isElsewhere: before.isElsewhere || change.upstreamRef !== undefined,
      isToolError: isToolError(change.outcome),
      ...(before.face === 'a2a' ? { expiresAt: updatedAt + before.ttlMs } : {}),
      // What has just ended is not gone with the next sweep.
      ...(isFinal(change.state) && before.expiresAt <= updatedAt
        ? { ttlMs: updatedAt + AFTERLIFE_MS - before.createdAt, expiresAt: updatedAt + AFTERLIFE_MS }
        : {}),
    }
  }

  #seal(
    id: TaskId,
    parts: Pick<NewTask, 'upstreamRef' | 'parts'> & Pick<TaskChange, 'outcome'>,
  ): SealedParts {
    const seal = (column: string, value: object | undefined) =>
      value && this.#tools.sealer.seal(JSON.stringify(value), { table: 'tasks', column, id })
    const outcome = seal('outcome', this.#bounded(parts.outcome))
    return {
      upstreamRef: seal('upstream_ref', parts.upstreamRef),
      outcome,
      outcomeBytes: outcome?.length,
      parts: this.#sealParts(id, parts.parts),
    }
  }

  #sealParts(id: TaskId, parts: TaskParts | undefined): Buffer | undefined {
    if (parts === undefined || parts.length === 0) return undefined
    return this.#tools.sealer.seal(`[${parts.join(',')}]`, { table: 'task_parts', column: 'body', id })
  }

  #bounded(outcome: Outcome | undefined): Outcome | undefined {
    const { resultBytes } = this.#tools.limits
    if (!outcome || Buffer.byteLength(JSON.stringify(outcome)) <= resultBytes) return outcome
    const message = `The result is larger than the ${resultBytes} bytes that a task may keep.`
    return { error: { code: -32603, message } }
  }

  #open(id: TaskId, column: 'upstream_ref' | 'outcome'): JsonObject | undefined {
    const sealed = this.#store.sealed(id, column)
    if (!sealed) return undefined
    const text = this.#tools.sealer.open(sealed, { table: 'tasks', column, id })
    return parseExactly(text.toString('utf8')) as JsonObject
  }

  async #commit(
    task: Task,
    { statements, action, outcome }: { statements: Unit; action: string; outcome?: Outcome | undefined },
  ): Promise<boolean> {
    const { store, activity } = this.#tools
    const { principal, capability, argumentsDigest } = task
    const record = recordOf(this.#tools, {
      action,
      face: task.face,
      subject: principal.subject,
      chain: principal.chain,
      ...(principal.person === undefined ? {} : { person: principal.person }),
      ...(principal.app === undefined ? {} : { app: principal.app }),
      ...(principal.grant === undefined ? {} : { grant: principal.grant }),
      capability,
      ...(argumentsDigest === undefined ? {} : { argumentsDigest }),
      policies: ['builtin:grant'],
      result: resultOf(task, outcome),
      latencyMicros: (task.updatedAt - task.createdAt) * 1000,
      note: `${task.id} ${task.state}`,
    })
    const result = await store.submit([...statements, activity.statement(record)])
    return result.kind === 'done'
  }

  #armSweeper(): void {
    this.#sweeper = this.#tools.clock.setTimeout(() => {
      this.#sweeping = this.#sweep()
        .catch(this.#tools.onError)
        .then(() => {
          if (!this.#isClosed) this.#armSweeper()
        })
    }, SWEEP_MS)
  }

  /** Ends what ran out of its time, and forgets what ended so long ago. */
  async #sweep(): Promise<void> {
    const expired = this.#store.expired(this.#tools.clock.now(), SWEEP_SIZE)
    for (const task of expired.filter(({ state }) => !isFinal(state))) {
      const message = `It did not end within the ${task.ttlMs} ms that it had.`
      await this.change(task.id, {
        state: 'failed',
        message,
        ...(task.face === 'a2a'
          ? { parts: [lateStatus(task, message)] }
          : { outcome: { error: { code: -32603, message } } }),
      })
    }
    const ended = expired.filter(({ state }) => isFinal(state)).map(({ id }) => id)
    if (ended.length === 0) return
    const { store, activity, onForget } = this.#tools
    const record = recordOf(this.#tools, {
      action: 'task.forget',
      subject: 'hub',
      policies: ['builtin:retention'],
      note: `${ended.length} tasks`,
    })
    const also = onForget?.statements(ended) ?? []
    const result = await store.submit([...this.#store.delete(ended), ...also, activity.statement(record)])
    if (result.kind !== 'done') return
    onForget?.done(ended)
    for (const row of result.rows[0] ?? [])
      this.#counts.give(row as unknown as Task, Number(row['outcome_bytes']))
  }
}

/** The end of an agent's task in the words of its protocol (A2A §4.2.1). */
function lateStatus({ id, context }: Task, text: string): string {
  const said = { messageId: `parley-${id}-late`, role: 'ROLE_AGENT', taskId: id, contextId: context }
  const status = { state: 'TASK_STATE_FAILED', message: { ...said, parts: [{ text }] } }
  return JSON.stringify({ statusUpdate: { taskId: id, contextId: context, status } })
}

function pageOf(found: readonly Task[], limit: number): TaskPage {
  const tasks = found.slice(0, limit)
  return { tasks, next: found.length > limit ? tasks.at(-1)!.id : undefined }
}

function actionOf(state: Task['state']): string {
  if (state === 'completed') return 'task.complete'
  if (state === 'failed' || state === 'rejected') return 'task.fail'
  return state === 'cancelled' ? 'task.cancel' : 'task.change'
}

function resultOf(task: Task, outcome: Outcome | undefined) {
  if (task.state === 'cancelled') return 'cancelled'
  if (task.state === 'input_required' || task.state === 'auth_required') return 'input_required'
  if (!outcome) return 'ok'
  if ('error' in outcome) return 'internal'
  return task.isToolError ? 'tool_error' : 'ok'
}

function isToolError(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && 'result' in outcome && outcome.result['isError'] === true
}

function pollInterval(wantedMs: number): number {
  return clamp(wantedMs, POLL_BOUNDS_MS.min, POLL_BOUNDS_MS.max)
}

function clamp(value: number, min: number, max: number): number {
  return Math.round(Math.min(Math.max(value, min), max))
}
