import { ParleyError } from '@parley/contract'
import { Breaker } from '../lib/breaker.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { LinkHealth } from './agent-link.ts'
import { statusOf } from './status-error.ts'

export interface LinkGuardOptions {
  /** Of the agent, for messages. */
  readonly name: string
  readonly clock: Clock
  readonly random: Random | undefined
  /** Calls under way at one time. */
  readonly calls: number
  /** Streams open at one time. */
  readonly streams: number
}

/** An agent that comes back is noticed within two seconds. */
const BREAKER = { threshold: 3, firstWaitMs: 250, maxWaitMs: 1500 }

/**
 * What all exchanges with one agent pass: a bound on how many, so that an agent that hangs holds a bounded share of the
 * hub; a breaker; and the facts from which its health follows.
 */
export class LinkGuard {
  readonly #options: LinkGuardOptions
  readonly #breaker: Breaker
  #calls = 0
  #streams = 0
  #health: LinkHealth = { state: 'unknown', lastError: undefined, lastSeenAt: undefined }

  constructor(options: LinkGuardOptions) {
    this.#options = options
    this.#breaker = new Breaker({ ...BREAKER, clock: options.clock, random: options.random })
  }

  get health(): LinkHealth {
    return this.#health
  }

  /** Takes a place for one call, or throws; `leave` gives it back, `seen` or `failed` say how it ended. */
  enter(): void {
    const { name, calls } = this.#options
    if (this.#calls >= calls) {
      throw new ParleyError(
        'unavailable',
        `The agent "${name}" has ${calls} calls under way; try again later.`,
      )
    }
    this.#breaker.admit()
    this.#calls++
  }

  leave(): void {
    this.#calls--
  }

  /** The same for a stream. */
  enterStream(): void {
    const { name, streams } = this.#options
    if (this.#streams >= streams) {
      throw new ParleyError(
        'unavailable',
        `The agent "${name}" has ${streams} streams open; try again later.`,
      )
    }
    this.#breaker.admit()
    this.#streams++
  }

  leaveStream(): void {
    this.#streams--
  }

  /** The agent answered, be it with an error of its own. */
  seen(): void {
    this.#health = { state: 'ready', lastError: undefined, lastSeenAt: this.#options.clock.now() }
    this.#breaker.succeeded()
  }

  failed(error: ParleyError): void {
    const isUnreachable = isNoAnswer(error)
    if (isUnreachable) this.#breaker.failed(error)
    else this.#breaker.succeeded()
    const state = isUnreachable ? 'unreachable' : 'failing'
    this.#health = { ...this.#health, state, lastError: error.message }
  }
}

/** The agent gave no answer of its own: no connection, a broken one, or a proxy's 502, 503 or 504. */
export function isNoAnswer(error: ParleyError): boolean {
  if (error.code === 'egress_refused') return true
  if (error.code !== 'upstream_unavailable') return false
  const status = statusOf(error)
  return status === undefined || (status >= 502 && status <= 504)
}
