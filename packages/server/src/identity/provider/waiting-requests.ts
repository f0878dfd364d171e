import type { RecordModel } from './record-store.ts'

export interface Waiting {
  readonly model: RecordModel
  /** SHA-256, as the record is kept. */
  readonly idHash: Buffer
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const SWEEP_EVERY_MS = 1000

/**
 * What the hub remembers for whoever asks, until a person has decided: so many in all. When they are too many, the address
 * that has most of them loses its oldest, so that no flood keeps anybody else from coming in.
 */
export class WaitingRequests {
  readonly #limit: number
  /** The oldest of each address first. */
  readonly #byAddress = new Map<string, Map<string, Waiting>>()
  readonly #addressOf = new Map<string, string>()
  #sweptAt = -Infinity

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#addressOf.size
  }

  /** Takes a place; answers what has lost its own for it. What is known already keeps its place. */
  begin(waiting: Waiting, address: string, now: number): readonly Waiting[] {
    const key = keyOf(waiting)
    if (this.#addressOf.has(key)) return []
    if (this.size >= this.#limit) this.#sweep(now)
    const lost: Waiting[] = []
    while (this.size >= this.#limit) lost.push(this.#loseOldest())
    const own = this.#byAddress.get(address) ?? new Map<string, Waiting>()
    this.#byAddress.set(address, own.set(key, waiting))
    this.#addressOf.set(key, address)
    return lost
  }

  end(waiting: Pick<Waiting, 'model' | 'idHash'>): void {
    const key = keyOf(waiting)
    const address = this.#addressOf.get(key)
    if (address === undefined) return
    this.#addressOf.delete(key)
    const own = this.#byAddress.get(address)!
    own.delete(key)
    if (own.size === 0) this.#byAddress.delete(address)
  }

  #loseOldest(): Waiting {
    let most = new Map<string, Waiting>()
    for (const own of this.#byAddress.values()) if (own.size > most.size) most = own
    const oldest = most.values().next().value!
    this.end(oldest)
    return oldest
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = now
    for (const own of this.#byAddress.values())
      for (const waiting of own.values()) if (waiting.expiresAt <= now) this.end(waiting)
  }
}

function keyOf({ model, idHash }: Pick<Waiting, 'model' | 'idHash'>): string {
  return `${model} ${idHash.toString('base64')}`
}
