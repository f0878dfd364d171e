import { systemClock, type Clock } from './clock.ts'

export interface SteadyClockOptions {
  /** The machine's clock. */
  readonly machine?: Clock
  /** Told each time that the machine's clock was set back by a second or more. */
  readonly onSetBack: (byMs: number) => void
}

/** Beyond it the machine's clock was wrong altogether: to stay with it would shut everybody out. */
const LONGEST_HOLD_MS = 3_600_000
/** Readings of two clocks are never made at quite the same moment. */
const NOISE_MS = 5
const TOLD_FROM_MS = 1000
const SPEED_WHILE_AHEAD = 0.5

/**
 * The clock of the hub. When the machine's is set back, by at most an hour, this one does not go back with it: it goes on at
 * half speed until the machine's has caught up. So nothing that has ended begins again.
 *
 * NOTE: on the lane; `now` allocates nothing.
 */
export function createSteadyClock({ machine = systemClock, onSetBack }: SteadyClockOptions): Clock {
  /** How far the machine's time, at the last reading, and ours are beyond the monotonic one. */
  let machineOffsetMs = -Infinity
  let offsetMs = -Infinity
  /** When ours was last drawn nearer to the machine's; undefined while they are the same. */
  let drawnAtMs: number | undefined

  function now(): number {
    const machineMs = machine.now()
    const monotonicMs = machine.monotonicMicros() / 1000
    const backMs = machineOffsetMs - (machineMs - monotonicMs)
    machineOffsetMs = machineMs - monotonicMs
    if (backMs >= TOLD_FROM_MS) onSetBack(Math.round(backMs))
    const aheadMs = offsetMs - machineOffsetMs
    if (aheadMs > NOISE_MS && aheadMs <= LONGEST_HOLD_MS) return drawNearer(monotonicMs)
    offsetMs = machineOffsetMs
    drawnAtMs = undefined
    return machineMs
  }

  function drawNearer(monotonicMs: number): number {
    const lostMs = (monotonicMs - (drawnAtMs ?? monotonicMs)) * (1 - SPEED_WHILE_AHEAD)
    offsetMs = Math.max(machineOffsetMs, offsetMs - lostMs)
    drawnAtMs = monotonicMs
    return Math.floor(offsetMs + monotonicMs)
  }

  return Object.freeze({
    now,
    monotonicMicros: machine.monotonicMicros,
    setTimeout: machine.setTimeout,
  })
}
