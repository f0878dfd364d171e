import { ParleyError } from '@parley/contract'
import type { Channel } from './channel.ts'

/** The sessions that are open with one server, at most `limit`; those being opened count too. */
export class SessionCount {
  readonly #name: string
  readonly #limit: number
  readonly #open = new Set<Channel>()
  #opening = 0
  #isClosing = false

  constructor(name: string, limit: number) {
    this.#name = name
    this.#limit = limit
  }

  /** @throws ParleyError `unavailable` at the limit. */
  async open(work: () => Promise<Channel>): Promise<Channel> {
    for (const channel of this.#open) if (channel.closed) this.#open.delete(channel)
    if (this.#isClosing)
      throw new ParleyError('unavailable', `The server "${this.#name}" is being disconnected.`)
    if (this.#open.size + this.#opening >= this.#limit) {
      throw new ParleyError(
        'unavailable',
        `The server "${this.#name}" has ${this.#limit} sessions open; try again later.`,
      )
    }
    this.#opening++
    try {
      const channel = await work()
      this.#open.add(channel)
      if (this.#isClosing) await channel.close()
      return channel
    } finally {
      this.#opening--
    }
  }

  async closeAll(): Promise<void> {
    this.#isClosing = true
    await Promise.allSettled([...this.#open].map((channel) => channel.close()))
  }
}
