import type { ChainLink } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement } from '../store/index.ts'

/** What happened to tokens, keys or consents. */
export interface Happening {
  readonly action: string
  /** The grant, the person or the administrator that it happened through. */
  readonly subject: string
  readonly person?: string
  readonly app?: string
  readonly grant?: string
  readonly chain?: readonly ChainLink[]
  readonly note?: string
}

export type RecordChange = (happening: Happening) => Statement

/** Makes the activity record that goes into the unit of a change. */
export function createRecordChange(tools: {
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
}): RecordChange {
  return ({ chain = [], ...happening }) =>
    tools.activity.statement({
      at: tools.clock.now(),
      face: 'hub',
      requestId: tools.newId('request'),
      chain,
      decision: 'allow',
      policies: ['builtin:authorization-server'],
      policyVersion: 1,
      catalogVersion: 0,
      peopleVersion: 0,
      result: 'ok',
      latencyMicros: 0,
      ...happening,
    })
}
