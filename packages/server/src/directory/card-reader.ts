import { ParleyError, toParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { AgentRow, SeenCard } from './agent-row.ts'
import { fetchCard, type FetchedCard, type Validators } from './fetch-card.ts'
import { findCard } from './find-card.ts'
import { seenCard } from './hash-card.ts'
import type { Gate } from './gate.ts'

/** How the last readings of a card went. */
export interface CardHealth {
  /** `unread`: not since the hub started, or the card was sent. */
  readonly state: 'unread' | 'ready' | 'failing' | 'unreachable'
  /** A public sentence; undefined while all is well. */
  readonly lastError: string | undefined
  /** Milliseconds since the epoch. */
  readonly lastSeenAt: number | undefined
  readonly lastFailedAt: number | undefined
}

export interface CardReaderOptions {
  readonly row: () => AgentRow
  readonly clock: Clock
  /** Shared by all readers: so many cards are read at one time. */
  readonly gate: Gate
  readonly openOutlet: (url: string, agent: string) => Outlet
  /** Stores what was read; it counts only once this resolves. */
  readonly take: (seen: SeenCard) => Promise<void>
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 5 * 60_000
const MAX_DOUBLINGS = 16

/**
 * Reads one agent's card again when it is no longer fresh, only what changed (A2A §8.6.2), and after a failure again in
 * 1 s, 2 s, … 5 min. One reading at a time.
 */
export class CardReader {
  readonly #options: CardReaderOptions
  readonly #stopping = new AbortController()
  #validators: Validators = {}
  /** Where the card was found. */
  #path: string | undefined
  /** What the validators are of. */
  #last: SeenCard | undefined
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #failures = 0
  #health: CardHealth = {
    state: 'unread',
    lastError: undefined,
    lastSeenAt: undefined,
    lastFailedAt: undefined,
  }

  constructor(options: CardReaderOptions) {
    this.#options = options
  }

  get health(): CardHealth {
    return this.#health
  }

  /** Goes on from a card that was just read, or begins with a reading. */
  start(known?: {
    readonly seen: SeenCard
    readonly validators: Validators
    readonly freshMs: number
  }): void {
    if (this.#options.row().cardUrl === null) return
    if (!known) return this.#plan(0)
    this.#last = known.seen
    this.#validators = known.validators
    this.#succeed()
    this.#plan(known.freshMs)
  }

  /** Reads now, whole, whatever is still fresh; never rejects: what goes wrong becomes health. */
  async refresh(): Promise<void> {
    if (this.#options.row().cardUrl === null) return
    await this.#running
    this.#validators = {}
    await this.#begin()
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new ParleyError('unavailable', 'The agent was removed, or the hub is stopping.'))
    this.#timer?.cancel()
    await this.#running
  }

  #plan(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#options.clock.setTimeout(() => void this.#begin(), delayMs)
  }

  #begin(): Promise<void> {
    this.#timer?.cancel()
    if (this.#stopping.signal.aborted) return Promise.resolve()
    this.#running ??= this.#options.gate
      .run(() => this.#readOnce())
      .then((nextMs) => {
        this.#running = undefined
        this.#plan(nextMs)
      })
    return this.#running
  }

  /** Answers when to read again. */
  async #readOnce(): Promise<number> {
    const { row, openOutlet, take } = this.#options
    const { cardUrl, name } = row()
    if (cardUrl === null || this.#stopping.signal.aborted) return MAX_RETRY_MS
    try {
      const outlet = openOutlet(cardUrl, name)
      const fetched = await this.#fetch(outlet, new URL(cardUrl)).finally(() => outlet.destroy())
      if (fetched.kind === 'card') {
        this.#last = seenCard(fetched.body)
        this.#validators = fetched.validators
      }
      if (this.#last) await take(this.#last)
      this.#succeed()
      return fetched.freshMs
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** An administrator may have typed where the agent is: then its card is looked for, once. */
  async #fetch(outlet: Outlet, typed: URL): Promise<FetchedCard> {
    const { signal } = this.#stopping
    if (this.#options.row().source !== 'file')
      return fetchCard(outlet, typed.pathname + typed.search, { validators: this.#validators, signal })
    if (this.#path !== undefined)
      return fetchCard(outlet, this.#path, { validators: this.#validators, signal })
    const { url, fetched } = await findCard(outlet, typed, signal)
    this.#path = url.slice(typed.origin.length)
    return fetched
  }

  #succeed(): void {
    this.#failures = 0
    const lastSeenAt = this.#options.clock.now()
    this.#health = { ...this.#health, state: 'ready', lastError: undefined, lastSeenAt }
  }

  #fail(error: unknown): number {
    this.#path = undefined
    if (this.#stopping.signal.aborted) return MAX_RETRY_MS
    const { clock, log, row } = this.#options
    const known = toParleyError(error)
    const isReached =
      known.code === 'upstream_invalid' || known.code === 'storage_full' || known.code === 'internal'
    const state = isReached ? 'failing' : 'unreachable'
    this.#health = { ...this.#health, state, lastError: known.message, lastFailedAt: clock.now() }
    log('the card of an agent could not be read', {
      agent: row().name,
      error: known.message,
      detail: known.detail,
    })
    return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, MAX_DOUBLINGS))
  }
}
