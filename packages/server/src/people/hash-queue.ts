import { ParleyError } from '@parley/contract'

const CONCURRENT = 2
const MAX_WAITING = 100
const RETRY_AFTER_SECONDS = 5

/** Lets two password hashes be computed at once; each takes 19 MiB and 20 ms of a core. Beyond 100 that wait, refuses. */
export class HashQueue {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Throws `rate_limited` when one more would have to be refused. */
  checkRoom(): void {
    if (this.#waiting.length < MAX_WAITING) return
    throw new ParleyError('rate_limited', 'Many people are signing in right now. Try again in a moment.', {
      data: { retryAfterSeconds: RETRY_AFTER_SECONDS },
    })
  }

  async run<result>(work: () => Promise<result>): Promise<result> {
    if (this.#running >= CONCURRENT) await this.#turn()
    else this.#running += 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }

  /** The place of the one that is done goes to the one that waits. */
  #turn(): Promise<void> {
    this.checkRoom()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
