import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './seeded-random.ts'
import { Breaker } from './breaker.ts'

const FAILURE = new Error('gone')

function setUp(threshold: number, random = false) {
  const clock = new ManualClock()
  const breaker = new Breaker({
    clock,
    random: random ? seededRandom('jitter') : undefined,
    threshold,
    firstWaitMs: 1000,
    maxWaitMs: 30_000,
  })
  /** How long until the next trial is let through. */
  const waitMs = (): number => {
    for (let waited = 0; ; waited += 10) {
      try {
        breaker.admit()
        return waited
      } catch (error) {
        expect(error).toBe(FAILURE)
        clock.advance(10)
      }
    }
  }
  return { clock, breaker, waitMs }
}

describe('the breaker', () => {
  it('opens only after as many failures in a row as it allows', () => {
    const { breaker } = setUp(3)
    breaker.failed(FAILURE)
    breaker.failed(FAILURE)
    breaker.succeeded()
    breaker.failed(FAILURE)
    breaker.failed(FAILURE)
    breaker.admit()
    breaker.failed(FAILURE)
    expect(() => breaker.admit()).toThrow(FAILURE)
  })

  it('waits twice as long after each failed trial, up to its limit', () => {
    const { breaker, waitMs } = setUp(1)
    const waits = Array.from({ length: 8 }, () => {
      breaker.failed(FAILURE)
      return waitMs()
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  it('lets one trial through at a time', () => {
    const { clock, breaker } = setUp(1)
    breaker.failed(FAILURE)
    clock.advance(1000)
    breaker.admit()
    expect(() => breaker.admit()).toThrow(FAILURE)
    breaker.succeeded()
    breaker.admit()
    breaker.admit()
  })

  it('does not wait longer because many calls failed together', () => {
    const { breaker, waitMs } = setUp(3)
    for (let call = 0; call < 200; call++) breaker.failed(FAILURE)
    expect(waitMs()).toBe(1000)
  })

  it('remembers its waits through a success that did not last', () => {
    const { breaker, waitMs } = setUp(1)
    const waits = Array.from({ length: 3 }, () => {
      breaker.failed(FAILURE)
      const waited = waitMs()
      breaker.ease()
      breaker.admit()
      return waited
    })
    expect(waits).toEqual([1000, 2000, 4000])
    breaker.succeeded()
    breaker.failed(FAILURE)
    expect(waitMs()).toBe(1000)
  })

  it('spreads its waits by a quarter', () => {
    const { breaker, waitMs } = setUp(1, true)
    const waits = Array.from({ length: 20 }, () => {
      breaker.succeeded()
      breaker.failed(FAILURE)
      return waitMs()
    })
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(750)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1260)
    expect(new Set(waits).size).toBeGreaterThan(5)
  })
})
