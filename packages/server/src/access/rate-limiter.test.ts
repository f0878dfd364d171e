import { expect, test } from 'vitest'
import { TokenBuckets, createRateLimiter } from './index.ts'

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

test('asking for the wait counts nothing', () => {
  let now = 0
  const buckets = new TokenBuckets({ perSecond: 0.5, burst: 1, monotonicMicros: () => now })
  expect([buckets.wait('a'), buckets.wait('a'), buckets.take('a'), buckets.wait('a')]).toEqual([0, 0, 0, 2])
  now += 2_000_000
  expect([buckets.wait('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 2])
})
