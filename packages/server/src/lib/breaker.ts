import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

export interface BreakerOptions {
  readonly clock: Clock
  /** Spreads waiting times by a quarter either way; without it they are exact. */
  readonly random: Random | undefined
  /** Failures in a row after which calls fail at once. */
  readonly threshold: number
  readonly firstWaitMs: number
  readonly maxWaitMs: number
}

const MAX_DOUBLINGS = 16

/**
 * Lets nothing through to something that keeps failing, but one trial each time the wait is over. The wait doubles
 * with each failed trial; failures of calls that had been let through before do not lengthen it.
 */
export class Breaker {
  readonly #options: BreakerOptions
  #failures = 0
  #trials = 0
  #waitUntilMicros = 0
  #lastError: unknown

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.threshold
  }

  /** @throws the last failure while it is not yet time for a trial. */
  admit(): void {
    if (!this.isOpen) return
    if (this.#options.clock.monotonicMicros() < this.#waitUntilMicros) throw this.#lastError
    this.#trials++
    this.#wait()
  }

  succeeded(): void {
    this.#failures = 0
    this.#trials = 0
  }

  /** Lets calls through again, but remembers how long the last wait was, should it fail once more. */
  ease(): void {
    this.#failures = 0
  }

  failed(error: unknown): void {
    this.#lastError = error
    this.#failures++
    if (this.#failures === this.#options.threshold) this.#wait()
  }

  #wait(): void {
    const { clock, random, firstWaitMs, maxWaitMs } = this.#options
    const waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(this.#trials, MAX_DOUBLINGS))
    const spread = random === undefined ? 1 : 0.75 + (random.bytes(1)[0]! / 255) * 0.5
    this.#waitUntilMicros = clock.monotonicMicros() + Math.min(maxWaitMs, waitMs * spread) * 1000
  }
}
