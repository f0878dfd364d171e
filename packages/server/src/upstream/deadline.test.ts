import { describe, expect, it } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { Deadline } from './deadline.ts'

function setUp() {
  const clock = new ManualClock()
  const expired: string[] = []
  const deadline = new Deadline({
    clock,
    idleMs: 60_000,
    totalMs: 600_000,
    onExpire: (error) => void expired.push(error.code),
  })
  return { clock, deadline, expired }
}

describe('the deadline of an exchange', () => {
  it('expires once, when nothing was heard for the idle time', () => {
    const { clock, expired } = setUp()
    clock.advance(59_999)
    expect(expired).toEqual([])
    clock.advance(1)
    expect(expired).toEqual(['upstream_timeout'])
    clock.advance(1_000_000)
    expect(expired).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is put off by signs of life, up to the total', () => {
    const { clock, deadline, expired } = setUp()
    for (let second = 0; second < 599; second++) {
      clock.advance(1000)
      deadline.extend()
    }
    expect(expired).toEqual([])
    clock.advance(1000)
    expect(expired).toEqual(['upstream_timeout'])
  })

  it('does not count the time of an open question as idle', () => {
    const { clock, deadline, expired } = setUp()
    deadline.pause()
    clock.advance(300_000)
    deadline.pause()
    deadline.resume()
    clock.advance(100_000)
    deadline.resume()
    clock.advance(59_000)
    expect(expired).toEqual([])
    clock.advance(1000)
    expect(expired).toEqual(['upstream_timeout'])
  })

  it('leaves no timer when it is stopped', () => {
    const { clock, deadline, expired } = setUp()
    deadline.stop()
    expect(clock.pendingTimers).toBe(0)
    clock.advance(1_000_000)
    expect(expired).toEqual([])
  })
})
