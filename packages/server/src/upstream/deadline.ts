import { ParleyError } from '@parley/contract'
import type { Clock, Timer } from '../lib/clock.ts'

export interface DeadlineOptions {
  readonly clock: Clock
  /** Without any sign of life. */
  readonly idleMs: number
  /** In all, whatever signs of life there are (MCP 2026-07-28, Cancellation: Timeouts). */
  readonly totalMs: number
  readonly onExpire: (error: ParleyError) => void
}

/**
 * The time an exchange may take. Progress puts the idle limit off; while a question of the server waits for its
 * answer, it is not the server that is late, and only the total counts.
 */
export class Deadline {
  readonly #options: DeadlineOptions
  readonly #startedMicros: number
  #aliveMicros: number
  #pauses = 0
  #timer: Timer | undefined

  constructor(options: DeadlineOptions) {
    this.#options = options
    this.#startedMicros = options.clock.monotonicMicros()
    this.#aliveMicros = this.#startedMicros
    this.#arm(Math.min(options.idleMs, options.totalMs))
  }

  extend(): void {
    this.#aliveMicros = this.#options.clock.monotonicMicros()
  }

  pause(): void {
    this.#pauses++
  }

  resume(): void {
    this.#pauses--
    this.extend()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** The timer is set again only when it fires: a flood of progress costs no timers. */
  #check(): void {
    const now = this.#options.clock.monotonicMicros()
    const totalLeftMs = this.#options.totalMs - (now - this.#startedMicros) / 1000
    const idleLeftMs =
      this.#pauses > 0 ? this.#options.idleMs : this.#options.idleMs - (now - this.#aliveMicros) / 1000
    const leftMs = Math.min(totalLeftMs, idleLeftMs)
    if (leftMs >= 1) return this.#arm(leftMs)
    this.#options.onExpire(new ParleyError('upstream_timeout', 'The server did not answer in time.'))
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#check(), Math.ceil(delayMs))
  }
}
