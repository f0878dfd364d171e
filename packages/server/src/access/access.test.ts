import { expect, test } from 'vitest'
import type { Principal } from '@parley/contract'
import { createRateLimiter, decide } from './index.ts'

const nobody: Principal = {
  subject: 'app_x',
  chain: [],
  roles: [],
  assurance: { kind: 'token', acr: 'urn:parley:1fa', amr: ['pwd'] },
}

test('who is no administrator may do nothing', () => {
  expect(decide(nobody, 'mcp.call', 'tool:files/read').kind).toBe('deny')
  expect(decide({ ...nobody, roles: ['member'] }, 'hub.manage', undefined).kind).toBe('deny')
  expect(decide({ ...nobody, roles: ['admin'] }, 'mcp.call', 'tool:files/read').kind).toBe('allow')
})

test('a caller gets the burst, then the rate, and does not take from others', () => {
  let now = 0
  const take = createRateLimiter({ perSecond: 10, burst: 5, monotonicMicros: () => now })
  for (let call = 0; call < 5; call++) expect(take('a')).toBe(0)
  expect(take('a')).toBe(1)
  expect(take('b')).toBe(0)
  now += 100_000
  expect(take('a')).toBe(0)
  expect(take('a')).toBe(1)
})
