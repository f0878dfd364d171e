import type { ParleyError } from '@parley/contract'
import type { OperationName } from '../a2a/index.ts'
import type { Random } from '../lib/random.ts'
import { ConnectFailed } from '../egress/index.ts'
import { isNoAnswer } from './link-guard.ts'

/** What an agent may be asked twice without harm (specification §3.3.1). A second cancellation may find nothing left to cancel. */
const IDEMPOTENT: ReadonlySet<OperationName> = new Set([
  'GetTask',
  'ListTasks',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
])

/** Whether a call that failed so may be made once more: it changes nothing, or not a byte of it was sent. */
export function mayRepeat(operation: OperationName, error: ParleyError): boolean {
  if (error instanceof ConnectFailed) return true
  return IDEMPOTENT.has(operation) && error.code === 'upstream_unavailable' && isNoAnswer(error)
}

const REPEAT_AFTER_MS = 50
const REPEAT_SPREAD_MS = 100

/** The agent may just be starting again; and not all its callers should be back at once. */
export function repeatDelayMs(random: Random): number {
  return REPEAT_AFTER_MS + (random.bytes(1)[0]! / 256) * REPEAT_SPREAD_MS
}
