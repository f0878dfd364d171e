import { hash } from 'node:crypto'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Statement, Store } from '../store/index.ts'
import { insertRevocation, purgeRevocations, readLastSeq, readRevocations } from './revocation-store.ts'
import type { Revocation, RevocationKind, Revocations, TokenSubjects } from './revocations.ts'

/** A revocation as it is told to guards elsewhere: nothing in it names anyone. */
export interface RevocationEntry {
  readonly seq: number
  /** SHA-256 of `kind|id`, as base64url. */
  readonly hash: string
  readonly at: number
}

/** The revocations in their order, for the feed. */
export interface RevocationLog {
  /** The number of the last one. */
  readonly seq: number
  /** Those after `seq` that may still matter; all of them when `seq` is none of this log's. */
  since(seq: number): readonly RevocationEntry[]
  /** Hears of each new entry; returns what ends the listening. */
  onEntry(listener: (entry: RevocationEntry) => void): () => void
}

/** No access token lives longer than an hour, and a guard may let it live a minute more. */
const LONGEST_TOKEN_SECONDS = 3660
const PURGE_EVERY_MS = 600_000

/** Opens the revocations that may still matter. What it keeps is bounded by what is revoked within an hour. */
export function createRevocations(parts: {
  store: Store
  clock: Clock
}): Revocations & RevocationLog & Disposable {
  return new Ledger(parts)
}

class Ledger implements Revocations, RevocationLog, Disposable {
  generation = 0
  seq = 0
  readonly #store: Store
  readonly #clock: Clock
  readonly #deadUntil = new Map<string, number>()
  #entries: RevocationEntry[] = []
  readonly #listeners = new Set<(revocation: Revocation) => void>()
  readonly #entryListeners = new Set<(entry: RevocationEntry) => void>()
  #timer: Timer

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store
    this.#clock = clock
    for (const stored of readRevocations(store, 0)) this.#take(stored)
    this.seq = readLastSeq(store)
    this.#forget()
    this.#timer = this.#schedulePurge()
  }

  statement(revocation: Revocation): Statement {
    return insertRevocation(revocation)
  }

  announce(_revocations: readonly Revocation[]): void {
    // The rows say in which order; those of another unit that is on disk as well may be told with them.
    const fresh = readRevocations(this.#store, this.seq)
    if (fresh.length === 0) return
    const entries = fresh.map((stored) => this.#take(stored))
    this.generation++
    tellAll(this.#listeners, fresh)
    tellAll(this.#entryListeners, entries)
  }

  isRevoked(token: TokenSubjects): boolean {
    if (this.#deadUntil.size === 0) return false
    const { issuedAt } = token
    const isDead = (kind: RevocationKind, id: string | undefined) =>
      id !== undefined && (this.#deadUntil.get(`${kind}|${id}`) ?? -Infinity) >= issuedAt
    return (
      isDead('grant', token.grant) ||
      isDead('person', token.person) ||
      isDead('app', token.app) ||
      isDead('session', token.session) ||
      isDead('token', token.token) ||
      token.agents.some((agent) => isDead('agent', agent))
    )
  }

  onRevoked(listener: (revocation: Revocation) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  since(seq: number): readonly RevocationEntry[] {
    this.#forget()
    // A number from the future is of a database that is gone: whoever has it must hear everything.
    return seq > this.seq ? this.#entries : this.#entries.filter((entry) => entry.seq > seq)
  }

  onEntry(listener: (entry: RevocationEntry) => void): () => void {
    this.#entryListeners.add(listener)
    return () => void this.#entryListeners.delete(listener)
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #take({ seq, kind, id, at }: Revocation & { readonly seq: number }): RevocationEntry {
    const mark = `${kind}|${id}`
    this.#deadUntil.set(mark, Math.max(at, this.#deadUntil.get(mark) ?? at))
    const entry = { seq, hash: hash('sha256', mark, 'base64url'), at }
    this.#entries.push(entry)
    this.seq = seq
    return entry
  }

  #forget(): void {
    const before = this.#oldest()
    if (this.#entries.every(({ at }) => at >= before)) return
    this.#entries = this.#entries.filter(({ at }) => at >= before)
    for (const [mark, at] of this.#deadUntil) if (at < before) this.#deadUntil.delete(mark)
  }

  #oldest(): number {
    return Math.floor(this.#clock.now() / 1000) - LONGEST_TOKEN_SECONDS
  }

  #schedulePurge(): Timer {
    return this.#clock.setTimeout(() => {
      this.#forget()
      // A disk that is full now is asked again at the next turn.
      this.#store.submit([purgeRevocations(this.#oldest())]).catch(() => undefined)
      this.#timer = this.#schedulePurge()
    }, PURGE_EVERY_MS)
  }
}

/** Every listener hears everything, also after another has failed. */
function tellAll<news>(listeners: ReadonlySet<(news: news) => void>, all: readonly news[]): void {
  const failures: unknown[] = []
  for (const listener of listeners) {
    for (const news of all) {
      try {
        listener(news)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Not everyone could act on a revocation.')
}
