import type { TaskId } from '@parley/contract'

/** Changes of one task's webhooks happen one after the other; those of others do not wait. */
export class TaskTurns {
  readonly #last = new Map<TaskId, Promise<void>>()

  run<result>(task: TaskId, work: () => Promise<result>): Promise<result> {
    const turn = (this.#last.get(task) ?? Promise.resolve()).then(work)
    const settled = turn
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (this.#last.get(task) === settled) this.#last.delete(task)
      })
    this.#last.set(task, settled)
    return turn
  }
}
