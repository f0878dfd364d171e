import { expect, test } from 'vitest'
import { createRateLimiter } from './index.ts'

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
