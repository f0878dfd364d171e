import type { Clock, Timer } from '../lib/clock.ts'
import type { SoundDefinition } from './check-definition.ts'
import { definitionKey } from './read-upstream.ts'

const FLUSH_MS = 100
const MAX_WAITING = 500
const MAX_REMEMBERED = 5000

/**
 * Definitions that callers' lists showed before the hub read them, on their way to the store: the newest of each name,
 * at most 500 at a time, written together ten times a second at most. What does not fit stays hidden all the same.
 */
export class SightingQueue {
  readonly #clock: Clock
  readonly #take: (seen: readonly SoundDefinition[]) => Promise<void>
  readonly #onError: (error: unknown) => void
  readonly #waiting = new Map<string, SoundDefinition>()
  /** When each name was last seen otherwise than stored; the oldest are forgotten. */
  readonly #seenMicros = new Map<string, number>()
  #forgottenMicros = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #flushing: Promise<void> | undefined
  #closed = false

  constructor(options: {
    readonly clock: Clock
    readonly take: (seen: readonly SoundDefinition[]) => Promise<void>
    readonly onError: (error: unknown) => void
  }) {
    this.#clock = options.clock
    this.#take = options.take
    this.#onError = options.onError
  }

  add(definition: SoundDefinition): void {
    const key = definitionKey(definition.kind, definition.name)
    this.#remember(key)
    if (this.#closed || (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key))) return
    this.#waiting.set(key, definition)
    if (!this.#flushing) this.#timer ??= this.#clock.setTimeout(() => this.#flush(), FLUSH_MS)
  }

  /** Takes out what was seen before that time. */
  takeBefore(micros: number): SoundDefinition[] {
    const earlier = [...this.#waiting].filter(([key]) => !this.wasSeenSince(key, micros))
    for (const [key] of earlier) this.#waiting.delete(key)
    return earlier.map(([, definition]) => definition)
  }

  /** Also true when it may have been, and was forgotten: a flood of names must not make one of them look unseen. */
  wasSeenSince(key: string, micros: number): boolean {
    return (this.#seenMicros.get(key) ?? this.#forgottenMicros) >= micros
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#flushing
    this.#flush()
    await this.#flushing
  }

  #remember(key: string): void {
    this.#seenMicros.delete(key)
    this.#seenMicros.set(key, this.#clock.monotonicMicros())
    if (this.#seenMicros.size <= MAX_REMEMBERED) return
    const [oldest] = this.#seenMicros
    if (oldest === undefined) return
    this.#forgottenMicros = oldest[1]
    this.#seenMicros.delete(oldest[0])
  }

  #flush(): void {
    this.#timer = undefined
    const seen = [...this.#waiting.values()]
    this.#waiting.clear()
    if (seen.length === 0) return
    this.#flushing = this.#take(seen)
      .catch(this.#onError)
      .finally(() => {
        this.#flushing = undefined
        if (this.#waiting.size > 0 && !this.#closed) {
          this.#timer ??= this.#clock.setTimeout(() => this.#flush(), FLUSH_MS)
        }
      })
  }
}
