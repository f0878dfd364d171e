/** Counts open streams, in all and per principal. What it remembers is bounded by the total. */
export class StreamCaps {
  readonly #limits: { readonly streams: number; readonly streamsPerPrincipal: number }
  readonly #open = new Map<string, number>()
  #total = 0

  constructor(limits: { readonly streams: number; readonly streamsPerPrincipal: number }) {
    this.#limits = limits
  }

  /** How many are open. */
  get total(): number {
    return this.#total
  }

  /** Takes a place for `subject`; false when its own or the total limit is reached. */
  take(subject: string): boolean {
    const own = this.#open.get(subject) ?? 0
    if (own >= this.#limits.streamsPerPrincipal || this.#total >= this.#limits.streams) return false
    this.#open.set(subject, own + 1)
    this.#total++
    return true
  }

  /** Gives one place back; call it exactly once for each successful `take`. */
  release(subject: string): void {
    const own = this.#open.get(subject)
    if (own === undefined) throw new Error('a stream was released that was not open')
    if (own === 1) this.#open.delete(subject)
    else this.#open.set(subject, own - 1)
    this.#total--
  }
}
