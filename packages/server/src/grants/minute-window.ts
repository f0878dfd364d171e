import type { Clock } from '../lib/clock.ts'

const SECONDS = 61
const SECOND_MICROS = 1_000_000

/**
 * The calls of the last minute, counted by seconds: no minute, wherever it begins, has more than the limit. A call is
 * forgotten with the whole second it fell into, up to a second late, never early.
 */
export class MinuteWindow {
  readonly #clock: Pick<Clock, 'monotonicMicros'>
  /** A ring: the second `at` is at `at % SECONDS`. */
  readonly #counts = new Uint32Array(SECONDS)
  #second: number
  #total = 0

  constructor(clock: Pick<Clock, 'monotonicMicros'>) {
    this.#clock = clock
    this.#second = this.#now()
  }

  /** 0 when the call may go on, and is counted; otherwise the whole seconds until one may. */
  take(limit: number): number {
    const now = this.#now()
    this.#forgetUntil(now)
    if (this.#total >= limit) return this.#secondsUntilBelow(limit)
    this.#counts[now % SECONDS]! += 1
    this.#total += 1
    return 0
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMicros() / SECOND_MICROS)
  }

  #forgetUntil(now: number): void {
    const stale = Math.min(now - this.#second, SECONDS)
    for (let step = 1; step <= stale; step++) {
      const place = (this.#second + step) % SECONDS
      this.#total -= this.#counts[place]!
      this.#counts[place] = 0
    }
    this.#second = now
  }

  /** The oldest seconds leave first, the next one after this in the ring. */
  #secondsUntilBelow(limit: number): number {
    let left = this.#total
    for (let wait = 1; wait < SECONDS; wait++) {
      left -= this.#counts[(this.#second + wait) % SECONDS]!
      if (left < limit) return wait
    }
    return SECONDS
  }
}
