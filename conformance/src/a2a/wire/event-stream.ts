import type { JsonObject } from './json.ts'
import type { HttpFacts, Reply, SeenError } from './reply.ts'

const eventLimit = 20_000

/** The events of one streaming call as they arrive. */
export class EventStream {
  readonly events: JsonObject[] = []
  /** What the server answered instead of a stream. */
  refusal: Reply | undefined
  /** An error that came after the stream had begun. */
  failure: SeenError | undefined
  http: HttpFacts | undefined
  /** Envelopes as they came, in the bindings that have some. */
  readonly envelopes: JsonObject[] = []
  hasEnded = false
  readonly #cancel: () => void
  #read = 0
  #wake: (() => void) | undefined

  constructor(cancel: () => void) {
    this.#cancel = cancel
  }

  push(event: JsonObject): void {
    if (this.events.length < eventLimit) this.events.push(event)
    this.#wake?.()
  }

  end(): void {
    this.hasEnded = true
    this.#wake?.()
  }

  /** The next event; undefined when the stream has ended. @throws Error when nothing comes in time. */
  async next(limitMs = 6000): Promise<JsonObject | undefined> {
    const deadline = Date.now() + limitMs
    while (this.#read >= this.events.length) {
      if (this.hasEnded) return undefined
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw new Error(`nothing came for ${limitMs} ms after ${this.events.length} events`)
      await this.#somethingWithin(leftMs)
    }
    return this.events[this.#read++]
  }

  /** All events from here on to the end. */
  async rest(limitMs = 6000): Promise<JsonObject[]> {
    const rest: JsonObject[] = []
    for (;;) {
      const event = await this.next(limitMs)
      if (event === undefined) return rest
      rest.push(event)
    }
  }

  /** Resolves with the first event, an error, or the end. */
  async begun(limitMs = 6000): Promise<void> {
    const deadline = Date.now() + limitMs
    while (this.events.length === 0 && !this.hasEnded && Date.now() < deadline)
      await this.#somethingWithin(deadline - Date.now())
  }

  close(): void {
    this.#cancel()
    this.end()
  }

  #somethingWithin(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
