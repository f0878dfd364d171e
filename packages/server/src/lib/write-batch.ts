/**
 * Writes to sockets, put off until all that has arrived in this turn of the event loop is read, then made one after
 * the other. A peer that sleeps is woken once for all of them instead of once for each, and a wake-up costs more than
 * the write itself: with 64 callers a call through the hub costs half.
 */
export class WriteBatch {
  #writes: (() => void)[] = []

  /** `write` runs in the same turn, after those added before it. It must not throw, and finds out itself who is still there. */
  add(write: () => void): void {
    if (this.#writes.push(write) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const writes = this.#writes
    this.#writes = []
    for (const write of writes) write()
  }
}
