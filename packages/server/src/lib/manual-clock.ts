import type { Clock, Timer } from './clock.ts'

interface Pending {
  readonly dueMicros: number
  readonly callback: () => void
}

/** A clock for tests: it stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number
  #micros = 0
  #pending = new Set<Pending>()

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMicros(): number {
    return this.#micros
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const pending = { dueMicros: this.#micros + Math.max(0, delayMs) * 1000, callback }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }

  /** How many timers wait: a test can show that none was left behind. */
  get pendingTimers(): number {
    return this.#pending.size
  }

  /** Moves both clocks forward and runs what falls due on the way, in order of time, each at its own moment. */
  advance(ms: number): void {
    const end = this.#micros + ms * 1000
    for (let next = this.#earliest(end); next; next = this.#earliest(end)) {
      this.#pending.delete(next)
      this.#moveTo(Math.max(this.#micros, next.dueMicros))
      next.callback()
    }
    this.#moveTo(end)
  }

  /** Sets the wall clock alone, as an administrator or NTP would: it may step back, and no timer fires. */
  setNow(nowMs: number): void {
    this.#nowMs = nowMs
  }

  #earliest(endMicros: number): Pending | undefined {
    let earliest: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.dueMicros <= endMicros && (!earliest || pending.dueMicros < earliest.dueMicros))
        earliest = pending
    }
    return earliest
  }

  #moveTo(micros: number): void {
    this.#nowMs += (micros - this.#micros) / 1000
    this.#micros = micros
  }
}
