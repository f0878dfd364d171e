import type { Clock, Timer } from '../lib/clock.ts'
import type { SoundDefinition } from './check-definition.ts'
import { definitionKey } from './read-upstream.ts'

const FLUSH_MS = 100
const MAX_WAITING = 500

/**
 * Definitions that callers' lists showed before the hub read them, on their way to the store: the newest of each name,
 * at most 500 at a time, written together ten times a second at most. What does not fit stays hidden all the same.
 */
export class SightingQueue {
  readonly #clock: Clock
  readonly #take: (seen: readonly SoundDefinition[]) => Promise<void>
  readonly #onError: (error: unknown) => void
  readonly #waiting = new Map<string, SoundDefinition>()
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
    if (this.#closed || (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key))) return
    this.#waiting.set(key, definition)
    if (!this.#flushing) this.#timer ??= this.#clock.setTimeout(() => this.#flush(), FLUSH_MS)
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#flushing
    this.#flush()
    await this.#flushing
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
