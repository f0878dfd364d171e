import { recordOf, type Activity, type Happening } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement } from '../store/index.ts'

/** The record of what happened to tokens, keys or consents, for the unit of the change. */
export type RecordChange = (happening: Happening) => Statement

export function createRecordChange(tools: {
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
}): RecordChange {
  return (happening) =>
    tools.activity.statement(recordOf(tools, { policies: ['builtin:authorization-server'], ...happening }))
}
