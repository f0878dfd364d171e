import { ParleyError } from '@parley/contract'
import type { Timer, Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Store, Unit } from '../store/index.ts'
import { HostQueue } from './host-queue.ts'
import { postEvent, type Delivery, type PostTools } from './post-event.ts'
import { retryDelay } from './retry-delay.ts'
import type { Entry, WebhookBook } from './webhook-book.ts'
import type { WebhookOutlets } from './webhook-outlets.ts'
import type { Waiting, WebhookStore } from './webhook-store.ts'
import type { Webhook, WebhookLimits } from './webhook.ts'

export interface CourierTools extends PostTools {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly limits: WebhookLimits
  readonly onError: (what: string, error: unknown) => void
}

export interface CourierRooms {
  readonly webhooks: WebhookStore
  readonly book: WebhookBook
  readonly outlets: WebhookOutlets
  /** JSON of the `StreamResponse` that tells how the task stands on disk; undefined when it is gone. */
  readonly readState: (webhook: Webhook) => string | undefined
  /** JSON of a `StreamResponse` in the form of 0.3. */
  readonly toLegacy: (body: string) => string
  readonly mayBeTold: (webhook: Webhook) => boolean
  /** Nothing more is sent there. */
  readonly disable: (entry: Entry, reason: string) => Promise<void>
}

const SLOTS = { all: 64, perHost: 8 }
/** How many one webhook is told before the next of its host has its turn. */
const TURN = 16
const DAY_MS = 24 * 60 * 60_000

/**
 * Takes events from the outbox to their receivers, at least once: one leaves the outbox only after it was acknowledged. One
 * after the other for each webhook, so their order is kept whatever fails.
 */
export class Courier {
  readonly #tools: CourierTools
  readonly #rooms: CourierRooms
  readonly #queue = new HostQueue<Entry>(SLOTS)
  /** In the queue or on the way; true: looked at once more after that. */
  readonly #busy = new Map<Entry, boolean>()
  readonly #resting = new Map<Entry, Timer>()
  readonly #running = new Set<Promise<void>>()
  readonly #end = new AbortController()
  #delivered = 0
  #failed = 0

  constructor(tools: CourierTools, rooms: CourierRooms) {
    this.#tools = tools
    this.#rooms = rooms
  }

  get counts(): { readonly delivered: number; readonly failed: number } {
    return { delivered: this.#delivered, failed: this.#failed }
  }

  /** Looks into the outbox, now or when its receiver has rested. */
  wake(entry: Entry): void {
    if (this.#end.signal.aborted || !isLive(entry)) return
    if (this.#busy.has(entry)) return void this.#busy.set(entry, true)
    const restMs = (entry.webhook.retryAt ?? 0) - this.#tools.clock.now()
    if (restMs > 0) return this.#rest(entry, restMs)
    this.stopResting(entry)
    this.#busy.set(entry, false)
    this.#queue.push(hostOf(entry.webhook), entry)
    this.#pump()
  }

  /** For one that was changed or removed. */
  stopResting(entry: Entry): void {
    this.#resting.get(entry)?.cancel()
    this.#resting.delete(entry)
  }

  async close(): Promise<void> {
    this.#end.abort()
    for (const timer of this.#resting.values()) timer.cancel()
    this.#resting.clear()
    await Promise.all(this.#running)
  }

  #rest(entry: Entry, restMs: number): void {
    if (this.#resting.has(entry)) return
    const timer = this.#tools.clock.setTimeout(() => {
      this.#resting.delete(entry)
      this.wake(entry)
    }, restMs)
    this.#resting.set(entry, timer)
  }

  #pump(): void {
    for (let next = this.#queue.take(); next; next = this.#queue.take()) {
      const { host, item: entry } = next
      const run = this.#run(entry)
        .catch((error: unknown) => {
          this.#tools.onError('a notification could not be sent', error)
          return this.#fail(entry, failedBecause('The hub could not send it; its log has the reason.'))
        })
        .then((state) => this.#finish(entry, host, state))
        .finally(() => this.#running.delete(run))
      this.#running.add(run)
    }
  }

  #finish(entry: Entry, host: string, state: 'empty' | 'more' | 'failing'): void {
    this.#queue.done(host, state === 'failing')
    const isWanted = this.#busy.get(entry) === true || state !== 'empty'
    this.#busy.delete(entry)
    if (isWanted) this.wake(entry)
    if (!this.#end.signal.aborted) this.#pump()
  }

  /** One turn. */
  async #run(entry: Entry): Promise<'empty' | 'more' | 'failing'> {
    for (let told = 0; told < TURN; told++) {
      if (!isLive(entry) || this.#end.signal.aborted) return 'empty'
      const { webhook } = entry
      const waiting = this.#rooms.webhooks.next(webhook.id, entry.takenSeq)
      if (!waiting) {
        this.#rooms.book.count(entry, { events: 0, bytes: 0 })
        return 'empty'
      }
      if (waiting.body === undefined) {
        await this.#writeState(entry, waiting)
        continue
      }
      if (!this.#rooms.mayBeTold(webhook)) {
        await this.#rooms.disable(entry, 'The grant under which it was set has ended.')
        return 'empty'
      }
      const delivery = await this.#deliver(webhook, waiting.event, waiting.body)
      if (delivery.kind === 'taken') await this.#take(entry, waiting)
      else if (this.#end.signal.aborted) return 'empty'
      // It was changed meanwhile: what was found out about the old address says nothing of the new one.
      else if (entry.webhook !== webhook) return 'more'
      else return this.#fail(entry, delivery)
    }
    return 'more'
  }

  async #deliver(webhook: Webhook, event: Waiting['event'], body: string): Promise<Delivery> {
    const { outlets, webhooks } = this.#rooms
    const post = {
      webhook,
      secrets: webhooks.secrets(webhook.id),
      event,
      body: webhook.version === '0.3' ? this.#rooms.toLegacy(body) : body,
      now: this.#tools.clock.now(),
      signal: this.#end.signal,
    }
    try {
      return await outlets.use(webhook.url, (outlet) => postEvent(outlet, post, this.#tools))
    } catch (error) {
      if (error instanceof ParleyError) return failedBecause(error.message)
      throw error
    }
  }

  /** The state is written down before it is sent: a retry under the same id says the same. */
  async #writeState(entry: Entry, waiting: Waiting): Promise<void> {
    const { webhooks, readState } = this.#rooms
    const { id } = entry.webhook
    const lastSeq = webhooks.lastSeq(id)
    const body = readState(entry.webhook)
    if (body === undefined) return this.#acknowledge(entry, lastSeq)
    await this.#tools.store.submit(webhooks.writeState(id, waiting, { body, lastSeq }))
    this.#rooms.book.count(entry, webhooks.backlog(id))
  }

  async #take(entry: Entry, { seq, body = '' }: Waiting): Promise<void> {
    this.#delivered++
    this.#rooms.book.count(entry, {
      events: Math.max(0, entry.waiting - 1),
      bytes: Math.max(0, entry.waitingBytes - body.length),
    })
    const { webhook } = entry
    const written = this.#acknowledge(entry, seq)
    if (webhook.failures > 0) {
      entry.webhook = {
        ...webhook,
        failures: 0,
        failingSince: undefined,
        retryAt: undefined,
        reason: undefined,
      }
      await this.#write([this.#rooms.webhooks.change(entry.webhook, 'active')])
    }
    await written
  }

  /** On disk before the next one is sent: after a kill one event comes again at most, and none behind a later one. */
  async #acknowledge(entry: Entry, seq: number): Promise<void> {
    entry.takenSeq = seq
    await this.#write([this.#rooms.webhooks.delivered(entry.webhook.id, seq)])
  }

  async #fail(entry: Entry, delivery: Exclude<Delivery, { kind: 'taken' }>): Promise<'empty' | 'failing'> {
    this.#failed++
    const { clock, limits, random } = this.#tools
    const { webhook } = entry
    const now = clock.now()
    if (delivery.kind === 'gone') {
      await this.#rooms.disable(entry, 'It answered 410: it wants to be told no more.')
      return 'empty'
    }
    const failures = webhook.failures + 1
    const failingSince = webhook.failingSince ?? now
    const { reason, retryAfterMs } = delivery
    if (failures >= limits.webhookFailures || now - failingSince >= DAY_MS) {
      await this.#rooms.disable(entry, `It failed ${failures} times in a row; the last: ${reason}`)
      return 'failing'
    }
    const retryAt = now + retryDelay(failures, { firstMs: limits.webhookRetryMs, retryAfterMs, random })
    const failing = { ...webhook, failures, failingSince, retryAt, reason }
    entry.webhook = failing
    await this.#write([this.#rooms.webhooks.change(failing, 'active')])
    return 'failing'
  }

  async #write(unit: Unit): Promise<void> {
    try {
      await this.#tools.store.submit(unit)
    } catch (error) {
      this.#tools.onError('what became of notifications could not be written', error)
    }
  }
}

function isLive({ webhook, isRemoved }: Entry): boolean {
  return !isRemoved && webhook.state === 'active'
}

function failedBecause(reason: string): Delivery & { kind: 'failed' } {
  return { kind: 'failed', reason, retryAfterMs: undefined }
}

function hostOf({ url }: Webhook): string {
  return new URL(url).host
}
