/** `TASK_STATE_INPUT_REQUIRED` as people read it. */
export function stateWords(state: string): string {
  return state
    .replace(/^TASK_STATE_/, '')
    .toLowerCase()
    .replaceAll('_', ' ')
}

/** States that are final (A2A specification §4.1.3). */
export function isEnded(state: string | undefined): boolean {
  return state !== undefined && ENDED.has(state)
}

const ENDED = new Set([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
])
