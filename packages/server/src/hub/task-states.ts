import type { TaskState } from '@parley/contract'
import type { A2aTaskState, TaskStatus } from '../a2a/index.ts'

const STATES: Readonly<Record<A2aTaskState, TaskState>> = {
  TASK_STATE_SUBMITTED: 'submitted',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_INPUT_REQUIRED: 'input_required',
  TASK_STATE_AUTH_REQUIRED: 'auth_required',
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'cancelled',
  TASK_STATE_REJECTED: 'rejected',
}

/** The state in the one task store. */
export function toTaskState(state: A2aTaskState): TaskState {
  return STATES[state]
}

const MAX_WORDS = 500

/** What a status says, for people who look at tasks: its text, cut. */
export function wordsOf({ message }: TaskStatus): string | undefined {
  const text = message?.parts.find((part) => typeof part.text === 'string')?.text
  return text === undefined || text === '' ? undefined : text.slice(0, MAX_WORDS)
}
