import type { ActivityFace, PersonId, TaskId } from '@parley/contract'
import type { JsonObject, Outcome } from '../lib/json-rpc.ts'
import type { AgentTasksQuery, NewTask, Task, TaskAddition, TaskChange, TaskEvent, TaskPage } from './task.ts'

/** The durable tasks of both protocols. Reads are synchronous; every change is one unit with its activity record. */
export interface Tasks extends AsyncDisposable {
  /**
   * Resolves once the task is on disk. Throws `rate_limited` when its owner has as many as they may, `unavailable`
   * when the hub keeps as many as it can, and `conflict` when its message has made one before,
   * or its agent names a task of its owner so.
   */
  create(wanted: NewTask): Promise<Task>
  /** Undefined for what is another's, just as for what does not exist. */
  find(owner: string, face: ActivityFace, id: string): Task | undefined
  /** For administrators and the hub itself, whoever owns it. */
  findAny(id: string): Task | undefined
  /** Of the MCP face, newest first. */
  list(owner: string, before: TaskId | undefined, limit: number): TaskPage
  /** Those of an agent. */
  listOfAgent(query: AgentTasksQuery): readonly Task[]
  /** How many `listOfAgent` has in all, pages and `after` aside. */
  countOfAgent(query: Omit<AgentTasksQuery, 'after' | 'limit'>): number
  /** The task that a message made or went to. */
  findByMessage(messageKey: string): Task | undefined
  /** A message went to the task, whether it has ended or not; once is as good as often. */
  noteMessage(id: TaskId, messageKey: string): Promise<void>
  findByForeignKey(foreignKey: string): Task | undefined
  /** What a task of an agent holds, in its order. */
  partsOf(id: TaskId): readonly object[]
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
  unfinished(face: ActivityFace): readonly Task[]
  /** Answers the task as it then stands; undefined when it had ended already: what is final stays so. */
  change(id: TaskId, change: TaskChange): Promise<Task | undefined>
  /** False when the task has ended: then nothing is added. No record is written: what a task holds is no change of state. */
  add(id: TaskId, addition: TaskAddition): Promise<boolean>
  /** Tells of every change that is on disk; answers the unsubscriber. */
  onChange(listener: (task: Task) => void): () => void
  /** Tells of the changes of one task. */
  watch(id: TaskId, listener: (task: Task) => void): () => void
  /** How many are kept. */
  readonly size: number
}
