import { ParleyError } from '@parley/contract'
import { isFinal, type Task } from '../../tasks/index.ts'
import type { ServerNotification } from '../../upstream/index.ts'
import type { Call, GatewayTools } from '../call.ts'
import { findTask } from './find-task.ts'
import type { TaskRuns } from './task-runs.ts'
import { toDetailedTask } from './task-view.ts'
import { declaresTasks, missingTasks } from './tasks-extension.ts'

const MAX_TASKS = 1000

/** Tasks that a `subscriptions/listen` follows (SEP-2663, Task Status Notifications). */
export interface TaskSubscription {
  /** Those of the wanted ones that are the caller's. */
  readonly taskIds: readonly string[]
  close(): void
}

/** Undefined when the request names no tasks. Throws -32021 for a client that does not know them. */
export function followTasks(
  tools: GatewayTools,
  runs: TaskRuns,
  call: Call,
  { wanted, pass }: { wanted: unknown; pass: (notification: ServerNotification) => void },
): TaskSubscription | undefined {
  if (wanted === undefined) return undefined
  if (!declaresTasks(call)) throw missingTasks()
  if (!Array.isArray(wanted) || wanted.length > MAX_TASKS)
    throw new ParleyError('invalid_params', `taskIds must be a list of at most ${MAX_TASKS} task ids.`)
  const own = [...new Set<unknown>(wanted)].flatMap((id) => known(tools, call, id))
  const tell = (task: Task) => {
    const outcome = isFinal(task.state) ? tools.tasks.outcomeOf(task.id) : undefined
    const params = toDetailedTask(task, runs.find(task.id), outcome)
    pass({ method: 'notifications/tasks', params })
  }
  const unwatch = own.map(({ id }) => tools.tasks.watch(id, tell))
  // What has ended meanwhile would otherwise never be told.
  for (const task of own) if (isFinal(task.state)) tell(task)
  return {
    taskIds: own.map(({ id }) => id),
    close: () => unwatch.forEach((stop) => stop()),
  }
}

function known(tools: GatewayTools, call: Call, id: unknown): Task[] {
  try {
    return [findTask(tools, call, id)]
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'invalid_params') return []
    throw error
  }
}
