/** Where a task stands, in either protocol. The last four are final. */
export const TASK_STATES = [
  'submitted',
  'working',
  'input_required',
  'auth_required',
  'completed',
  'failed',
  'cancelled',
  'rejected',
] as const
export type TaskState = (typeof TASK_STATES)[number]
