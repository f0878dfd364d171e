import type { TaskId } from '@parley/contract'
import type { StreamResponse } from '../a2a/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement } from '../store/index.ts'
import type { Entry, WebhookBook } from './webhook-book.ts'
import type { WebhookStore } from './webhook-store.ts'

export interface OutboxTools {
  readonly clock: Clock
  readonly newId: NewId
  readonly limits: { readonly webhookEvents: number }
}

const MAX_BYTES = 8 * 1_048_576
const MAX_BYTES_OF_ALL = 32 * MAX_BYTES
const NONE: readonly Statement[] = []

/**
 * What is put down to be told, with the change that it tells of. What a slow receiver has too much of becomes one
 * notification that tells how the task stands, so nothing is lost without a word.
 */
export class Outbox {
  readonly #tools: OutboxTools
  readonly #book: WebhookBook
  readonly #webhooks: WebhookStore

  constructor(tools: OutboxTools, book: WebhookBook, webhooks: WebhookStore) {
    this.#tools = tools
    this.#book = book
    this.#webhooks = webhooks
  }

  /** NOTE: asked for every event of every task; where nobody wants it, it costs one look-up. */
  enqueue(task: TaskId, event: StreamResponse): readonly Statement[] {
    const entries = this.#book.of(task)
    if (entries.length === 0) return NONE
    const statements: Statement[] = []
    let body: string | undefined
    for (const entry of entries) {
      if (entry.webhook.state !== 'active') continue
      body ??= JSON.stringify(event)
      if (this.#isFull(entry, body.length)) statements.push(...this.putState(entry))
      else statements.push(this.#put(entry, body))
    }
    return statements
  }

  /** How the task stands, in the place of all that waits. */
  putState(entry: Entry): readonly Statement[] {
    const { id } = entry.webhook
    this.#book.count(entry, { events: 1, bytes: 0 })
    const at = this.#tools.clock.now()
    return [this.#webhooks.clear(id), this.#webhooks.putState(id, { event: this.#tools.newId('event'), at })]
  }

  #put(entry: Entry, body: string): Statement {
    const { waiting, waitingBytes, webhook } = entry
    this.#book.count(entry, { events: waiting + 1, bytes: waitingBytes + body.length })
    const at = this.#tools.clock.now()
    return this.#webhooks.put(webhook.id, { event: this.#tools.newId('event'), body, at })
  }

  #isFull({ waiting, waitingBytes }: Entry, length: number): boolean {
    if (waiting === 0) return false
    return (
      waiting >= this.#tools.limits.webhookEvents ||
      waitingBytes + length > MAX_BYTES ||
      this.#book.waitingBytes + length > MAX_BYTES_OF_ALL
    )
  }
}
