export { createTasks } from './create-tasks.ts'
export { ownerOf } from './owner-of.ts'
export { isFinal } from './task.ts'
export type {
  AgentTasksQuery,
  NewTask,
  Task,
  TaskAddition,
  TaskChange,
  TaskEvent,
  TaskLimits,
  TaskPage,
} from './task.ts'
export type { Tasks } from './tasks.ts'
export { SEALED_TASK_PARTS } from './task-store.ts'
