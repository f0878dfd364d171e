import { ParleyError, toParleyError } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { UpstreamHealth } from './channel.ts'
import { Deadline } from './deadline.ts'
import { statusOf } from './http-status-error.ts'

export interface GuardLimits {
  /** Exchanges under way at one time. */
  readonly inFlight: number
  /** Subscriptions open at one time. */
  readonly subscriptions: number
  readonly timeoutMs: number
  readonly maxTimeoutMs: number
}

const DEFAULTS = { inFlight: 256, subscriptions: 128, maxTimeoutMs: 600_000 }

export function guardLimits(limits: Partial<GuardLimits> & Pick<GuardLimits, 'timeoutMs'>): GuardLimits {
  const { inFlight, subscriptions, maxTimeoutMs } = { ...DEFAULTS, ...limits }
  return {
    inFlight,
    subscriptions,
    timeoutMs: limits.timeoutMs,
    maxTimeoutMs: Math.max(maxTimeoutMs, limits.timeoutMs),
  }
}

export interface GuardOptions {
  readonly name: string
  readonly clock: Clock
  readonly limits: GuardLimits
  /** Called before each exchange; throws to refuse it. */
  readonly admit: () => void
  /** Told how each exchange ended; undefined when the server answered. Not told when the caller gave up. */
  readonly settled: (error: ParleyError | undefined) => void
}

/**
 * What all exchanges with one server pass: a bulkhead, so that a server that hangs holds a bounded share of the hub;
 * time limits; and the facts from which its health follows.
 */
export class UpstreamGuard {
  readonly #options: GuardOptions
  #inFlight = 0
  #subscriptions = 0
  #health: UpstreamHealth = { state: 'connecting', lastError: undefined, lastSeenAt: undefined }

  constructor(options: GuardOptions) {
    this.#options = options
  }

  get inFlight(): number {
    return this.#inFlight
  }

  health(): UpstreamHealth {
    return this.#health
  }

  /** Takes a place for one exchange, or throws; `leave` gives it back, `seen` or `failed` say how it ended. */
  enter(): void {
    const { name, limits } = this.#options
    if (this.#inFlight >= limits.inFlight) {
      throw new ParleyError(
        'unavailable',
        `The server "${name}" has ${limits.inFlight} calls under way; try again later.`,
      )
    }
    this.#options.admit()
    this.#inFlight++
  }

  leave(): void {
    this.#inFlight--
  }

  /**
   * Runs one exchange within the limits. `signal` is the caller's; `work` gets one that also ends with the time.
   * `patienceMs` is the time in all for what nobody waits for on the line.
   */
  async run<value>(
    signal: AbortSignal,
    work: (signal: AbortSignal, deadline: Deadline) => Promise<value>,
    patienceMs?: number,
  ): Promise<value> {
    signal.throwIfAborted()
    const { clock, limits } = this.#options
    this.enter()
    const abort = new AbortController()
    const onAbort = () => abort.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const deadline = new Deadline({
      clock,
      idleMs: patienceMs === undefined ? limits.timeoutMs : Math.min(patienceMs, limits.maxTimeoutMs),
      totalMs: patienceMs ?? limits.maxTimeoutMs,
      onExpire: (error) => abort.abort(error),
    })
    try {
      const value = await work(abort.signal, deadline)
      this.seen()
      return value
    } catch (error) {
      if (!signal.aborted) this.failed(toParleyError(error))
      throw error
    } finally {
      this.leave()
      deadline.stop()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Takes one of the places for subscriptions; call what it returns once, when the subscription is over. */
  takeSubscription(): () => void {
    const { name, limits } = this.#options
    if (this.#subscriptions >= limits.subscriptions) {
      throw new ParleyError(
        'unavailable',
        `The server "${name}" has ${limits.subscriptions} subscriptions open; try again later.`,
      )
    }
    this.#subscriptions++
    return () => void this.#subscriptions--
  }

  seen(): void {
    this.#health = { state: 'ready', lastError: undefined, lastSeenAt: this.#options.clock.now() }
    this.#options.settled(undefined)
  }

  failed(error: ParleyError): void {
    const state = stateAfter(error)
    if (state) this.#health = { ...this.#health, state, lastError: error.message }
    this.#options.settled(error)
  }
}

/** Errors that are no fault of the server, or of one session or request alone, leave its state as it is. */
function stateAfter(error: ParleyError): UpstreamHealth['state'] | undefined {
  if (isUnreachable(error)) return 'unreachable'
  const status = statusOf(error)
  if (status === 401 || status === 403) return 'failing'
  if (error.code === 'upstream_timeout' || error.code === 'upstream_invalid') return 'failing'
  return undefined
}

/** True when the server gave no answer of its own: no connection, a broken one, or a proxy's 502, 503 or 504. */
export function isUnreachable(error: ParleyError): boolean {
  if (error.code === 'egress_refused') return true
  if (error.code !== 'upstream_unavailable') return false
  const status = statusOf(error)
  return status === undefined || (status >= 502 && status <= 504)
}
