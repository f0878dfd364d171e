import type { PersonId, TaskId } from '@parley/contract'
import type { JsonObject, Outcome } from '../lib/json-rpc.ts'
import type { NewTask, Task, TaskChange, TaskEvent, TaskPage } from './task.ts'

/** The durable tasks of both protocols. Reads are synchronous; every change is one unit with its activity record. */
export interface Tasks extends AsyncDisposable {
  /**
   * Resolves once the task is on disk. Throws `rate_limited` when its owner has as many as they may, and `unavailable`
   * when the hub keeps as many as it can.
   */
  create(wanted: NewTask): Promise<Task>
  /** Undefined for what is another's, just as for what does not exist. */
  find(owner: string, id: string): Task | undefined
  /** For administrators and the hub itself, whoever owns it. */
  findAny(id: string): Task | undefined
  /** Newest first. */
  list(owner: string, before: TaskId | undefined, limit: number): TaskPage
  listAll(
    filter: { readonly person?: PersonId; readonly unfinished?: boolean },
    before: TaskId | undefined,
    limit: number,
  ): TaskPage
  events(id: TaskId): readonly TaskEvent[]
  /** What it came to; undefined before it has ended. */
  outcomeOf(id: TaskId): Outcome | undefined
  upstreamRefOf(id: TaskId): JsonObject | undefined
  /** Those that have not ended, for a hub that starts. */
  unfinished(): readonly Task[]
  /** Answers the task as it then stands; undefined when it had ended already: what is final stays so. */
  change(id: TaskId, change: TaskChange): Promise<Task | undefined>
  /** Tells of every change that is on disk; answers the unsubscriber. */
  onChange(listener: (task: Task) => void): () => void
  /** Tells of the changes of one task. */
  watch(id: TaskId, listener: (task: Task) => void): () => void
  /** How many are kept. */
  readonly size: number
}
