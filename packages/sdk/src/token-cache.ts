/**
 * Remembers at most `limit` entries, those last asked for: when the young half is full it becomes the old half, and
 * what nobody asked for meanwhile is forgotten.
 */
export class TokenCache<entry> {
  readonly #halfLimit: number
  #young = new Map<string, entry>()
  #old = new Map<string, entry>()

  constructor(limit: number) {
    this.#halfLimit = Math.ceil(limit / 2)
  }

  get(key: string): entry | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, entry: entry): void {
    if (this.#young.size >= this.#halfLimit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, entry)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
