import type { ParleyError } from '@parley/contract'
import type { ErrorContext } from '../a2a/index.ts'
import type { Clock } from '../lib/clock.ts'

/** What an error's details tell beside it: when, and of which task. */
export function errorContext(clock: Pick<Clock, 'now'>, { data }: ParleyError): ErrorContext {
  const timestamp = new Date(clock.now()).toISOString()
  const taskId = (data as { taskId?: unknown } | undefined)?.taskId
  return typeof taskId === 'string' ? { timestamp, taskId } : { timestamp }
}
