import type { JsonObject } from '../lib/json-rpc.ts'

const MAX_SENDS = 10_000
const MAX_CHARACTERS = 64 * 1024 * 1024

/** What is under way, or the JSON of its answer: texts are cheap to keep, objects cost every collection of garbage. */
type Sent = Promise<JsonObject> | string

/**
 * The last sends, by the mark of their message: the same message sent again, at once or a little later, gets the same
 * answer and reaches the agent once (H8). Tasks are found by the store as well; an answer without a task is only here.
 */
export class RecentSends {
  /** Newer and older ones: the older go all at once, because leaving one by one grows tables anew. */
  #newer = new Map<string, Sent>()
  #older = new Map<string, Sent>()
  #newerCharacters = 0

  /** The answer to the message: that of the first send where there was one. A send that failed may be tried again. */
  once(key: string, send: () => Promise<JsonObject>): Promise<JsonObject> {
    const known = this.#newer.get(key) ?? this.#older.get(key)
    if (known) return typeof known === 'string' ? Promise.resolve(JSON.parse(known) as JsonObject) : known
    const answer = send()
    this.#newer.set(key, answer)
    answer.then(
      (settled) => this.#settle(key, answer, settled),
      () => this.#forget(key, answer),
    )
    return answer
  }

  #settle(key: string, sent: Sent, answer: JsonObject): void {
    // Tasks change, and are read where they are kept.
    if ('task' in answer) return this.#forget(key, sent)
    const json = JSON.stringify(answer)
    this.#forget(key, sent)
    this.#newer.set(key, json)
    this.#newerCharacters += json.length
    if (this.#newer.size >= MAX_SENDS / 2 || this.#newerCharacters >= MAX_CHARACTERS / 2) this.#age()
  }

  #age(): void {
    const [newer, older] = [this.#newer, this.#older]
    this.#older = newer
    this.#newer = new Map()
    this.#newerCharacters = 0
    // What is still under way is not forgotten.
    for (const [key, sent] of older) if (typeof sent !== 'string') this.#newer.set(key, sent)
  }

  #forget(key: string, sent: Sent): void {
    const sends = this.#newer.get(key) === sent ? this.#newer : this.#older
    if (sends.get(key) === sent) sends.delete(key)
  }
}
