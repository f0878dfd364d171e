/** A timer that was set and has not fired yet. */
export interface Timer {
  /** Does nothing when the timer has fired or was cancelled. */
  cancel(): void
}

/** Time as it is passed in. Durations are measured with `monotonicMicros`, never with two readings of `now`. */
export interface Clock {
  /** Milliseconds since the epoch. May step back when the machine's clock is set. */
  now(): number
  /** Whole microseconds since an arbitrary start; never steps back. */
  monotonicMicros(): number
  /** Runs `callback` once after `delayMs`. A waiting timer does not keep the process alive. */
  setTimeout(callback: () => void, delayMs: number): Timer
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMicros: () => Math.floor(performance.now() * 1000),
  setTimeout(callback: () => void, delayMs: number): Timer {
    const handle = setTimeout(callback, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
})
