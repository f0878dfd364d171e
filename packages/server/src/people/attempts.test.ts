import { expect, test } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { Attempts, type AttemptRule } from './attempts.ts'

const RULE: AttemptRule = { free: 3, firstWaitSeconds: 10, longestWaitSeconds: 40, onSuccess: 'forget' }

function tries(attempts: Attempts, key: string, count: number, rule = RULE): (number | 'go')[] {
  return Array.from({ length: count }, () => {
    const attempt = attempts.begin(key, rule)
    return attempt.kind === 'go' ? 'go' : attempt.seconds
  })
}

test('the wait begins after the free tries, doubles, and ends at the longest', () => {
  const clock = new ManualClock()
  const attempts = new Attempts(clock)
  expect(tries(attempts, 'a', 4)).toEqual(['go', 'go', 'go', 10])
  for (const seconds of [20, 40, 40]) {
    clock.advance(60_000)
    expect(tries(attempts, 'a', 2)).toEqual(['go', seconds])
  }
  expect(tries(attempts, 'b', 1)).toEqual(['go'])
})

test('C7: tries at the same time are counted before any of them is known to be right', () => {
  const attempts = new Attempts(new ManualClock())
  expect(tries(attempts, 'a', 20).filter((one) => one === 'go').length).toBe(3)
})

test('a success forgets an account, and gives an address only its own try back', () => {
  const attempts = new Attempts(new ManualClock())
  const address: AttemptRule = { ...RULE, onSuccess: 'uncount' }
  for (const [key, rule, left] of [
    ['account', RULE, ['go', 'go', 'go', 10]],
    ['address', address, ['go', 10]],
  ] as const) {
    tries(attempts, key, 2, rule)
    const attempt = attempts.begin(key, rule)
    if (attempt.kind === 'go') attempt.succeeded()
    expect(tries(attempts, key, left.length, rule)).toEqual(left)
  }
})

test('failures are forgotten an hour after the last, also those that never led to a wait', () => {
  const clock = new ManualClock()
  clock.advance(5 * 3_600_000)
  const attempts = new Attempts(clock)
  tries(attempts, 'a', 2)
  clock.advance(30 * 60_000)
  expect(tries(attempts, 'a', 2)).toEqual(['go', 10])
  clock.advance(3_600_000 + 11_000)
  expect(tries(attempts, 'a', 3)).toEqual(['go', 'go', 'go'])
})
