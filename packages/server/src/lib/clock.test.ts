import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { ManualClock } from './manual-clock.ts'

describe('system clock', () => {
  it('gives whole milliseconds of the epoch and microseconds that never step back', () => {
    expect(Number.isSafeInteger(systemClock.now())).toBe(true)
    let last = systemClock.monotonicMicros()
    for (let i = 0; i < 1000; i++) {
      const next = systemClock.monotonicMicros()
      expect(next).toBeGreaterThanOrEqual(last)
      expect(Number.isSafeInteger(next)).toBe(true)
      last = next
    }
  })

  it('runs a timer once and a cancelled one never', async () => {
    const ran: string[] = []
    systemClock.setTimeout(() => ran.push('cancelled'), 0).cancel()
    systemClock.setTimeout(() => ran.push('kept'), 1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(ran).toEqual(['kept'])
  })
})

describe('manual clock', () => {
  it('runs what falls due in order of time, each at its own moment', () => {
    const clock = new ManualClock(1000)
    const ran: [string, number][] = []
    clock.setTimeout(() => ran.push(['late', clock.now()]), 20)
    clock.setTimeout(() => {
      ran.push(['early', clock.now()])
      clock.setTimeout(() => ran.push(['nested', clock.now()]), 5)
    }, 10)
    clock.setTimeout(() => ran.push(['beyond', clock.now()]), 100)
    clock.advance(30)
    expect(ran).toEqual([
      ['early', 1010],
      ['nested', 1015],
      ['late', 1020],
    ])
    expect(clock.now()).toBe(1030)
    expect(clock.pendingTimers).toBe(1)
  })

  it('steps the wall clock back without moving the monotonic one', () => {
    const clock = new ManualClock(1000)
    clock.advance(5)
    clock.setNow(10)
    expect([clock.now(), clock.monotonicMicros()]).toEqual([10, 5000])
  })
})
