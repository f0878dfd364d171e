import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'
import { createSteadyClock } from './steady-clock.ts'

const MINUTE = 60_000
const START = 1_700_000_000_000

function open() {
  const machine = new ManualClock(START)
  const told: number[] = []
  const steady = createSteadyClock({
    machine: {
      now: () => machine.now(),
      monotonicMicros: () => machine.monotonicMicros(),
      setTimeout: (callback, delayMs) => machine.setTimeout(callback, delayMs),
    },
    onSetBack: (byMs) => told.push(byMs),
  })
  steady.now()
  return { machine, steady, told, setBack: (ms: number) => machine.setNow(machine.now() - ms) }
}

describe('the hub’s clock', () => {
  it('is the machine’s, also when that is set forward', () => {
    const { machine, steady, told } = open()
    machine.advance(1234)
    expect(steady.now()).toBe(START + 1234)
    machine.setNow(START + 60 * MINUTE)
    expect(steady.now()).toBe(START + 60 * MINUTE)
    expect(told).toEqual([])
  })

  it('R22: goes on at half speed while the machine’s, set back, catches up', () => {
    const { machine, steady, told, setBack } = open()
    // Nobody looked at it for a quarter of an hour: what ended in that time has ended.
    machine.advance(15 * MINUTE)
    setBack(10 * MINUTE)
    expect(steady.now()).toBe(START + 15 * MINUTE)
    let last = steady.now()
    for (let minute = 1; minute < 20; minute += 1) {
      machine.advance(MINUTE)
      expect(steady.now()).toBe(START + 15 * MINUTE + (minute * MINUTE) / 2)
      expect(steady.now()).toBeGreaterThan(last)
      last = steady.now()
    }
    machine.advance(2 * MINUTE)
    expect(steady.now()).toBe(machine.now())
    expect(told).toEqual([10 * MINUTE])
  })

  it('tells each time that the other was set back, also while it is ahead', () => {
    const { machine, steady, told, setBack } = open()
    setBack(MINUTE)
    steady.now()
    machine.advance(3 * MINUTE)
    steady.now()
    setBack(2 * MINUTE)
    steady.now()
    expect(told).toEqual([MINUTE, 2 * MINUTE])
  })

  it('takes a step of more than an hour as it is, and says so', () => {
    const { machine, steady, told, setBack } = open()
    setBack(61 * MINUTE)
    expect(steady.now()).toBe(machine.now())
    expect(told).toEqual([61 * MINUTE])
    machine.advance(MINUTE)
    expect(steady.now()).toBe(machine.now())
  })

  it('follows a machine’s clock that is drawn back little by little', () => {
    const { machine, steady, told } = open()
    for (let step = 0; step < 100; step += 1) {
      machine.advance(10)
      machine.setNow(machine.now() - 1)
      expect(steady.now()).toBe(machine.now())
    }
    expect(told).toEqual([])
  })
})
