import type { ActivityRecord } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'

/** What is particular to one happening; the rest is the same for every change of state. */
export type Happening = Pick<ActivityRecord, 'action' | 'subject'> & Partial<ActivityRecord>

/** The record of a change of state that a rule of the hub's own allowed, unless the happening says otherwise. */
export function recordOf(
  tools: { readonly clock: Pick<Clock, 'now'>; readonly newId: NewId },
  happening: Happening,
): ActivityRecord {
  return {
    at: tools.clock.now(),
    face: 'hub',
    requestId: tools.newId('request'),
    chain: [],
    decision: 'allow',
    policies: ['builtin:administrator'],
    policyVersion: 1,
    catalogVersion: 0,
    peopleVersion: 0,
    result: 'ok',
    latencyMicros: 0,
    ...happening,
  }
}
