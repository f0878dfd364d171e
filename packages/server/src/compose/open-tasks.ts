import { createTasks, type Tasks } from '../tasks/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import type { House } from './house.ts'

const DAY_MS = 24 * 60 * 60_000
/** All results together, as a multiple of the largest. */
const RESULTS = 256

export function openTasks(house: House, webhooks: Webhooks): Tasks {
  const { limits } = house.config
  const { tasks, tasksPerOwner, taskTtlMs, taskResultBytes } = limits
  return createTasks({
    ...house,
    limits: {
      tasks,
      tasksPerOwner,
      agentTasks: limits.agentTasks,
      agentTasksPerOwner: limits.agentTasksPerOwner,
      agentTaskTtlMs: limits.agentTaskTtlMs,
      ttlMs: taskTtlMs,
      maxTtlMs: DAY_MS,
      resultBytes: taskResultBytes,
      allResultsBytes: taskResultBytes * RESULTS,
    },
    onForget: {
      statements: (ids) => webhooks.forget(ids),
      done: (ids) => webhooks.forgotten(ids),
    },
    onError: (error) => house.log('old tasks could not be removed', { error: String(error) }),
  })
}
