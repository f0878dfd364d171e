import { ParleyError, type Grant, type GrantId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { valueAtPointer } from '../lib/json-pointer.ts'
import type { Store } from '../store/index.ts'
import { readGrant, takeAmount, takeCalls } from './grant-store.ts'
import type { LimitReached } from './grants.ts'
import { MinuteWindow } from './minute-window.ts'

/** A kill costs at most so many calls of a grant; a smaller limit is taken in twentieths. */
const MAX_BLOCK = 50

type Taken = LimitReached | undefined | Promise<LimitReached | undefined>

/**
 * Counts the calls of one grant against its limits. Calls are taken from the store in blocks, each by one conditional
 * statement before the first of them is let through, so that no kill lets more through than the limit.
 */
export class CallLimits {
  readonly #store: Store
  readonly #clock: Clock
  readonly #id: GrantId
  #limits: Grant['terms']['limits']
  #ahead = 0
  #filling: Promise<boolean> | undefined
  #lastMinute: MinuteWindow | undefined

  constructor(tools: { store: Store; clock: Clock }, grant: Grant) {
    this.#store = tools.store
    this.#clock = tools.clock
    this.#id = grant.id
    this.#limits = grant.terms.limits
  }

  /** What was taken ahead under another limit is given up. */
  change(limits: Grant['terms']['limits']): void {
    if (limits.calls !== this.#limits.calls) this.#ahead = 0
    this.#limits = limits
  }

  take(args: () => unknown): Taken {
    const { calls, callsPerMinute, amount } = this.#limits
    if (callsPerMinute !== undefined) {
      const reached = this.#takeOfMinute(callsPerMinute)
      if (reached) return reached
    }
    if (calls === undefined && amount === undefined) return undefined
    if (amount === undefined && this.#ahead > 0) {
      this.#ahead -= 1
      return undefined
    }
    return this.#takeFromStore(args)
  }

  async #takeFromStore(args: () => unknown): Promise<LimitReached | undefined> {
    const { amount } = this.#limits
    if (amount !== undefined) {
      const value = valueAtPointer(args(), amount.pointer)
      // What names no plain amount cannot be counted, so it is not let through; a negative one would give something back.
      if (typeof value !== 'number' || !(value >= 0))
        return { grant: this.#id, limit: 'amount', uncounted: amount.pointer }
      if (value > 0 && !(await this.#submit(takeAmount(this.#id, value, amount.total))))
        return { grant: this.#id, limit: 'amount' }
    }
    while (this.#ahead === 0) {
      // Asked anew each time: the limit may have been changed meanwhile.
      const { calls } = this.#limits
      if (calls === undefined) return undefined
      this.#filling ??= this.#fill(calls).finally(() => (this.#filling = undefined))
      if (!(await this.#filling)) return { grant: this.#id, limit: 'calls' }
    }
    this.#ahead -= 1
    return undefined
  }

  async #fill(limit: number): Promise<boolean> {
    const row = readGrant(this.#store, this.#id)
    const left = limit - (row?.callsTaken ?? limit)
    if (left < 1) return false
    const block = Math.min(left, MAX_BLOCK, Math.max(1, Math.floor(limit / 20)))
    if (!(await this.#submit(takeCalls(this.#id, block, limit)))) return false
    if (this.#limits.calls === limit) this.#ahead += block
    return true
  }

  async #submit(statement: ReturnType<typeof takeCalls>): Promise<boolean> {
    try {
      return (await this.#store.submit([statement])).kind === 'done'
    } catch (cause) {
      throw new ParleyError('unavailable', 'The limits of the grant cannot be counted now.', { cause })
    }
  }

  #takeOfMinute(limit: number): LimitReached | undefined {
    this.#lastMinute ??= new MinuteWindow(this.#clock)
    const retryAfterSeconds = this.#lastMinute.take(limit)
    return retryAfterSeconds === 0
      ? undefined
      : { grant: this.#id, limit: 'callsPerMinute', retryAfterSeconds }
  }
}
