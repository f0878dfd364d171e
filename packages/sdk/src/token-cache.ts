/** Enough of a signature that two tokens never share it. */
const TAIL_LENGTH = 40

interface Remembered<entry> {
  readonly header: string
  readonly entry: entry
}

/**
 * Remembers entries by the exact text of a header, at most `limit`, those last asked for: when the young half is full
 * it becomes the old half, and what nobody asked for meanwhile is forgotten.
 *
 * NOTE: on the lane. Entries are found by the end of the text and then compared whole: to hash all of a token costs ten
 * times as much as to compare it.
 */
export class TokenCache<entry> {
  readonly #halfLimit: number
  #young = new Map<string, Remembered<entry>>()
  #old = new Map<string, Remembered<entry>>()

  constructor(limit: number) {
    this.#halfLimit = Math.ceil(limit / 2)
  }

  get(header: string): entry | undefined {
    const tail = header.slice(-TAIL_LENGTH)
    const young = this.#young.get(tail)
    if (young?.header === header) return young.entry
    const old = this.#old.get(tail)
    if (old?.header !== header) return undefined
    this.set(header, old.entry)
    return old.entry
  }

  set(header: string, entry: entry): void {
    if (this.#young.size >= this.#halfLimit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(header.slice(-TAIL_LENGTH), { header, entry })
  }

  delete(header: string): void {
    const tail = header.slice(-TAIL_LENGTH)
    for (const half of [this.#young, this.#old]) {
      if (half.get(tail)?.header === header) half.delete(tail)
    }
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
