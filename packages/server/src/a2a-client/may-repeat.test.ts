import { ParleyError } from '@parley/contract'
import { expect, it } from 'vitest'
import { OPERATIONS, type OperationName } from '../a2a/index.ts'
import { ConnectFailed } from '../egress/index.ts'
import { seededRandom } from '../lib/seeded-random.ts'
import { mayRepeat, repeatDelayMs } from './may-repeat.ts'
import { toStatusError } from './status-error.ts'

const READS = [
  'GetTask',
  'ListTasks',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
]
const broken = new ParleyError('upstream_unavailable', 'broken')

it.each(Object.keys(OPERATIONS) as OperationName[])('§3.3.1: %s', (operation) => {
  expect(mayRepeat(operation, broken)).toBe(READS.includes(operation))
  expect(mayRepeat(operation, toStatusError(503))).toBe(READS.includes(operation))
  // Not a byte of it was sent.
  expect(mayRepeat(operation, new ConnectFailed('ECONNREFUSED'))).toBe(true)
  for (const error of [
    toStatusError(500),
    new ParleyError('upstream_timeout', 'late'),
    new ParleyError('upstream_invalid', 'odd'),
    new ParleyError('task_not_found', 'none'),
    new ParleyError('egress_refused', 'private'),
  ])
    expect(mayRepeat(operation, error)).toBe(false)
})

it('waits for 50 to 150 ms', () => {
  const random = seededRandom('repeat')
  const delays = Array.from({ length: 200 }, () => repeatDelayMs(random))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
  expect(Math.max(...delays)).toBeLessThan(150)
  expect(new Set(delays).size).toBeGreaterThan(50)
})
