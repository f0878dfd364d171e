/** Where a task stands. The last three are final. */
export const TASK_STATES = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const
export type TaskState = (typeof TASK_STATES)[number]
