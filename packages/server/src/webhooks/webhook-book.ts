import type { TaskId, WebhookId } from '@parley/contract'
import type { Webhook } from './webhook.ts'
import type { Backlog } from './webhook-store.ts'

/** A webhook in memory, as it is on disk. */
export interface Entry {
  webhook: Webhook
  /** About what waits for it: counted before the unit is on disk. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Up to here the receiver has taken everything. */
  takenSeq: number
  /** Gone: nothing more is begun. */
  isRemoved: boolean
}

type Counted = { -readonly [key in 'waiting' | 'waitingBytes']: Entry[key] }

/** Who wants to be told of what; asked for every event, so all of it is in memory. */
export class WebhookBook {
  readonly #byTask = new Map<TaskId, Entry[]>()
  readonly #byId = new Map<WebhookId, Entry>()
  readonly #byOwner = new Map<string, number>()

  #taken = 0
  #waiting = 0
  #waitingBytes = 0

  get waiting(): number {
    return this.#waiting
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** What waits for one, as it is known now. */
  count(entry: Counted, { events, bytes }: Backlog): void {
    this.#waiting += events - entry.waiting
    this.#waitingBytes += bytes - entry.waitingBytes
    entry.waiting = events
    entry.waitingBytes = bytes
  }

  /** Places that are taken, also by those that are not on disk yet. */
  get taken(): number {
    return this.#taken
  }

  takenBy(owner: string): number {
    return this.#byOwner.get(owner) ?? 0
  }

  take(owner: string): void {
    this.#taken++
    this.#byOwner.set(owner, this.takenBy(owner) + 1)
  }

  give(owner: string): void {
    this.#taken--
    const left = this.takenBy(owner) - 1
    if (left > 0) this.#byOwner.set(owner, left)
    else this.#byOwner.delete(owner)
  }

  /** Its place was taken before. */
  add(webhook: Webhook, backlog: Backlog = { events: 0, bytes: 0 }): Entry {
    const entry = { webhook, waiting: 0, waitingBytes: 0, takenSeq: 0, isRemoved: false }
    this.count(entry, backlog)
    const own = this.#byTask.get(webhook.task)
    if (own) own.push(entry)
    else this.#byTask.set(webhook.task, [entry])
    this.#byId.set(webhook.id, entry)
    return entry
  }

  remove(entry: Entry): void {
    const { id, task, owner } = entry.webhook
    if (!this.#byId.delete(id)) return
    entry.isRemoved = true
    this.count(entry, { events: 0, bytes: 0 })
    const left = this.of(task).filter((other) => other !== entry)
    if (left.length > 0) this.#byTask.set(task, left)
    else this.#byTask.delete(task)
    this.give(owner)
  }

  of(task: TaskId): readonly Entry[] {
    return this.#byTask.get(task) ?? NONE
  }

  named(task: TaskId, name: string): Entry | undefined {
    return this.of(task).find((entry) => entry.webhook.name === name)
  }

  find(id: WebhookId): Entry | undefined {
    return this.#byId.get(id)
  }

  all(): Entry[] {
    return [...this.#byId.values()]
  }
}

const NONE: readonly Entry[] = []
