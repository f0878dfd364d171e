import { textOf, type AgentEvent } from '@parley/sdk/agent'
import { stateWords } from '../../send/state-words.ts'

const LIMIT_MS = 20_000

/** What an app hears of a task, while it goes on. */
export class HeardEvents {
  readonly events: AgentEvent[] = []
  readonly #waiting = new Set<() => void>()
  #failure: unknown
  #isOver = false

  constructor(stream: AsyncIterable<AgentEvent>) {
    this.#read(stream).catch((error: unknown) => {
      this.#failure = error
      this.#wake()
    })
  }

  /** Resolves when there is such an event; undefined when the stream ends or the time does without one. */
  async until(isMeant: (event: AgentEvent) => boolean): Promise<AgentEvent | undefined> {
    const deadline = performance.now() + LIMIT_MS
    for (;;) {
      const found = this.events.find(isMeant)
      if (found || this.#isOver) return found
      if (this.#failure !== undefined) throw this.#failure
      if (performance.now() > deadline) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, LIMIT_MS)
      this.#waiting.add(resolve)
      await promise
      clearTimeout(timer)
      this.#waiting.delete(resolve)
    }
  }

  /** Each state and what was said with it, in order. */
  states(): readonly string[] {
    return this.events.flatMap(({ task, statusUpdate }) => {
      const status = task?.status ?? statusUpdate?.status
      if (!status) return []
      const words = status.message?.parts.map((part) => part.text ?? '').join('')
      return [words && !words.includes('/consent/') ? words : stateWords(status.state)]
    })
  }

  /** All that was made, as it came. */
  artifact(): string {
    return this.events.map((event) => (event.artifactUpdate ? textOf(event) : '')).join('')
  }

  async #read(stream: AsyncIterable<AgentEvent>): Promise<void> {
    for await (const event of stream) {
      this.events.push(event)
      this.#wake()
    }
    this.#isOver = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

export function stateOf({ task, statusUpdate }: AgentEvent): string | undefined {
  return (task?.status ?? statusUpdate?.status)?.state
}
