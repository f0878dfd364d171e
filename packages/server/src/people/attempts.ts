import { createHash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'

/** How many failures are free, and how the wait grows beyond them. */
export interface AttemptRule {
  readonly free: number
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
  /** What a success does to the failures before it: an account's are forgotten, an address only gets this try back. */
  readonly onSuccess: 'forget' | 'uncount'
}

export type Attempt =
  | { readonly kind: 'wait'; readonly seconds: number }
  /** Counted as failed until it is said to have succeeded, so that parallel tries cannot share one count. */
  | { readonly kind: 'go'; succeeded(): void }

interface Failures {
  count: number
  lastAtMicros: number
  until: number
}

const MAX_KEYS = 50_000
const FORGET_AFTER_MICROS = 3_600_000_000

/**
 * Slows down guessing, by account, by address, by second factor. Kept in memory: a key is a hash, known or not, so that an
 * account that does not exist is locked like one that does.
 */
export class Attempts {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(key: string, rule: AttemptRule): Attempt {
    const hashed = createHash('sha256').update(key).digest('base64')
    const now = this.#clock.monotonicMicros()
    const known = this.#failures.get(hashed)
    const isForgotten =
      known === undefined || now > Math.max(known.until, known.lastAtMicros) + FORGET_AFTER_MICROS
    const failures: Failures = isForgotten ? { count: 0, lastAtMicros: now, until: 0 } : known
    if (failures.until > now) return { kind: 'wait', seconds: Math.ceil((failures.until - now) / 1e6) }
    failures.count += 1
    failures.lastAtMicros = now
    failures.until = now + waitMicros(failures.count, rule)
    this.#failures.delete(hashed)
    this.#makeRoom()
    this.#failures.set(hashed, failures)
    return {
      kind: 'go',
      succeeded: () => {
        if (rule.onSuccess === 'forget') this.#failures.delete(hashed)
        else uncount(failures)
      },
    }
  }

  /** The least recently tried goes; who wants to push a key out has to try as many others. */
  #makeRoom(): void {
    for (const key of this.#failures.keys()) {
      if (this.#failures.size < MAX_KEYS) return
      this.#failures.delete(key)
    }
  }
}

function uncount(failures: Failures): void {
  failures.count -= 1
  failures.until = 0
}

function waitMicros(count: number, rule: AttemptRule): number {
  if (count < rule.free) return 0
  const seconds = rule.firstWaitSeconds * 2 ** Math.min(count - rule.free, 20)
  return Math.min(seconds, rule.longestWaitSeconds) * 1e6
}
