import type { ParleyError } from '@parley/contract'
import type { OperationName } from '../a2a/index.ts'
import { isNoAnswer } from './link-guard.ts'
import { statusOf } from './status-error.ts'

/** What an agent may be asked twice without harm (specification §3.3.1). Its cancellation is not among them: it may count. */
const IDEMPOTENT: ReadonlySet<OperationName> = new Set([
  'GetTask',
  'ListTasks',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
])
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Whether a call that failed so may be made once more: it changes nothing, or not a byte of it was sent. */
export function mayRepeat(operation: OperationName, error: ParleyError): boolean {
  if (error.code !== 'upstream_unavailable' || !isNoAnswer(error)) return false
  if (IDEMPOTENT.has(operation)) return true
  return statusOf(error) === undefined && NEVER_SENT.has(codeOf(error.cause))
}

function codeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return ''
  return String(cause.code)
}
