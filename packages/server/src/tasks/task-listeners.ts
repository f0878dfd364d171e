import type { TaskId } from '@parley/contract'
import { isFinal, type Task } from './task.ts'

type Listener = (task: Task) => void

/** Who follows which task. */
export class TaskListeners {
  readonly #all = new Set<Listener>()
  readonly #byTask = new Map<TaskId, Set<Listener>>()

  add(listener: Listener): () => void {
    this.#all.add(listener)
    return () => void this.#all.delete(listener)
  }

  /** Ends by itself with the task. */
  watch(id: TaskId, listener: Listener): () => void {
    const own = this.#byTask.get(id) ?? new Set<Listener>()
    this.#byTask.set(id, own.add(listener))
    return () => {
      own.delete(listener)
      if (own.size === 0 && this.#byTask.get(id) === own) this.#byTask.delete(id)
    }
  }

  tell(task: Task): void {
    const own = this.#byTask.get(task.id)
    if (isFinal(task.state)) this.#byTask.delete(task.id)
    for (const listener of [...this.#all, ...(own ?? [])]) listener(task)
  }
}
