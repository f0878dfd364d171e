import { ParleyError, type TaskState } from '@parley/contract'
import type { Task, TaskLimits } from './task.ts'
import type { TaskCount } from './task-store.ts'

type Counted = Pick<Task, 'face' | 'owner' | 'server' | 'state'>

/**
 * How many tasks there are, and whether there is room for one more. A place is taken before the task is written, so that
 * many at once cannot overrun it.
 */
export class TaskCounts {
  readonly #limits: TaskLimits
  readonly #byOwner = new Map<string, number>()
  readonly #byState = new Map<string, number>()
  readonly #byFace = { mcp: 0, a2a: 0 }
  #resultBytes = 0

  constructor(limits: TaskLimits, counts: readonly TaskCount[]) {
    this.#limits = limits
    for (const { tasks, bytes, ...counted } of counts) {
      this.#count(counted as Counted, tasks)
      this.#resultBytes += bytes
    }
  }

  get size(): number {
    return this.#byFace.mcp + this.#byFace.a2a
  }

  take(task: Counted): void {
    const { tasksPerOwner, tasks, agentTasksPerOwner, agentTasks, allResultsBytes } = this.#limits
    const face = faceOf(task)
    const own = this.#byOwner.get(ownerKey(task)) ?? 0
    if (own >= (face === 'mcp' ? tasksPerOwner : agentTasksPerOwner)) {
      throw new ParleyError(
        'rate_limited',
        `You have ${own} tasks, which is as many as are kept; ended ones go when their ttl is over.`,
        { data: { limit: 'tasks', retryAfterSeconds: 60 } },
      )
    }
    const isFull = this.#byFace[face] >= (face === 'mcp' ? tasks : agentTasks)
    if (isFull || this.#resultBytes >= allResultsBytes)
      throw new ParleyError('unavailable', 'The hub keeps as many tasks as it can; try again later.')
    this.#count(task, 1)
  }

  /** A task of an owner at an agent, in one state or in any. */
  of(owner: string, server: string, state: TaskState | undefined): number {
    return this.#byState.get(stateKey({ owner, server, state })) ?? 0
  }

  move(before: Counted, state: TaskState): void {
    this.#add(this.#byState, stateKey(before), -1)
    this.#add(this.#byState, stateKey({ ...before, state }), 1)
  }

  /** A result is kept, or less of it. */
  keep(bytes: number): void {
    this.#resultBytes += bytes
  }

  give(task: Counted, bytes: number): void {
    this.#count(task, -1)
    this.#resultBytes -= bytes
  }

  #count(task: Counted, by: number): void {
    this.#byFace[faceOf(task)] += by
    this.#add(this.#byOwner, ownerKey(task), by)
    this.#add(this.#byState, stateKey(task), by)
    this.#add(this.#byState, stateKey({ ...task, state: undefined }), by)
  }

  #add(counts: Map<string, number>, key: string, by: number): void {
    const left = (counts.get(key) ?? 0) + by
    if (left > 0) counts.set(key, left)
    else counts.delete(key)
  }
}

function faceOf({ face }: Pick<Counted, 'face'>): 'mcp' | 'a2a' {
  return face === 'a2a' ? 'a2a' : 'mcp'
}

function ownerKey(task: Counted): string {
  return `${faceOf(task)} ${task.owner}`
}

function stateKey(of: { owner: string; server: string; state: TaskState | undefined }): string {
  return `${of.state ?? ''} ${of.server} ${of.owner}`
}
