import type { JsonObject } from '../lib/json-rpc.ts'

const MAX_SENDS = 10_000
const MAX_CHARACTERS = 64 * 1024 * 1024

interface Sent {
  readonly answer: Promise<JsonObject>
  /** Of its JSON, once it is there. */
  characters: number
}

/**
 * The last sends, by the mark of their message: the same message sent again, at once or a little later, gets the same
 * answer and reaches the agent once (H8). Tasks are found by the store as well; an answer without a task is only here.
 */
export class RecentSends {
  readonly #sent = new Map<string, Sent>()
  #characters = 0

  /** The answer to the message: that of the first send where there was one. A send that failed may be tried again. */
  once(key: string, send: () => Promise<JsonObject>): Promise<JsonObject> {
    const known = this.#sent.get(key)
    if (known) return known.answer
    const sent: Sent = { answer: send(), characters: 0 }
    this.#sent.set(key, sent)
    sent.answer.then(
      (answer) => this.#settle(key, sent, answer),
      () => this.#forget(key, sent),
    )
    return sent.answer
  }

  #settle(key: string, sent: Sent, answer: JsonObject): void {
    // Tasks change, and are read where they are kept.
    if ('task' in answer) return this.#forget(key, sent)
    sent.characters = JSON.stringify(answer).length
    this.#characters += sent.characters
    for (const [oldKey, old] of this.#sent) {
      if (this.#sent.size <= MAX_SENDS && this.#characters <= MAX_CHARACTERS) return
      // What is still under way is not forgotten.
      if (old.characters > 0) this.#forget(oldKey, old)
    }
  }

  #forget(key: string, sent: Sent): void {
    if (this.#sent.get(key) !== sent) return
    this.#sent.delete(key)
    this.#characters -= sent.characters
  }
}
