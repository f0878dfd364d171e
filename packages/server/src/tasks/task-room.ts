import { ParleyError } from '@parley/contract'
import type { TaskLimits } from './task.ts'
import type { TaskCounts } from './task-store.ts'

/** How many tasks there is room for. A place is taken before the task is written, so that many at once cannot overrun it. */
export class TaskRoom {
  readonly #limits: TaskLimits
  readonly #byOwner: Map<string, number>
  #size: number
  #resultBytes: number

  constructor(limits: TaskLimits, { byOwner, resultBytes }: TaskCounts) {
    this.#limits = limits
    this.#byOwner = new Map(byOwner)
    this.#size = [...byOwner.values()].reduce((sum, count) => sum + count, 0)
    this.#resultBytes = resultBytes
  }

  get size(): number {
    return this.#size
  }

  take(owner: string): void {
    const { tasksPerOwner, tasks, allResultsBytes } = this.#limits
    const own = this.#byOwner.get(owner) ?? 0
    if (own >= tasksPerOwner) {
      throw new ParleyError(
        'rate_limited',
        `You have ${own} tasks, which is as many as are kept; ended ones go when their ttl is over.`,
        { data: { limit: 'tasks', retryAfterSeconds: 60 } },
      )
    }
    if (this.#size >= tasks || this.#resultBytes >= allResultsBytes)
      throw new ParleyError('unavailable', 'The hub keeps as many tasks as it can; try again later.')
    this.#byOwner.set(owner, own + 1)
    this.#size++
  }

  /** A result is kept. */
  keep(bytes: number): void {
    this.#resultBytes += bytes
  }

  give(owner: string, bytes: number): void {
    const left = (this.#byOwner.get(owner) ?? 0) - 1
    if (left > 0) this.#byOwner.set(owner, left)
    else this.#byOwner.delete(owner)
    this.#size--
    this.#resultBytes -= bytes
  }
}
