import { ParleyError } from '@parley/contract'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Store } from '../store/index.ts'

const FLUSH_MS = 50
const FLUSH_RECORDS = 1024
/** The most records of one commit, so that a commit never keeps the changes of state behind it waiting long. */
const BATCH_RECORDS = 4096
const RETRY_MS = 1000
const MAX_RECORDS = 100_000
const MAX_CHARACTERS = 64 * 1024 * 1024

/**
 * One string for the whole batch, split by SQLite on the writer thread and not on the event loop. It walks an array in
 * its order; asking for that order would sort the rows for nothing.
 */
const INSERT_BATCH = 'INSERT INTO activity (record) SELECT value FROM json_each(?)'

/**
 * Records on their way to the store, oldest first, one batch at a time. While the disk takes no writes they wait, as
 * many as there is room for; beyond that the newest are dropped and counted.
 */
export class RecordQueue {
  readonly #store: Store
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  #waiting: string[] = []
  #batch: string[] = []
  #characters = 0
  #dropped = 0
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #stalled = false

  constructor(options: { store: Store; clock: Clock; onError: (error: unknown) => void }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#onError = options.onError
  }

  get size(): number {
    return this.#waiting.length + this.#batch.length
  }

  get dropped(): number {
    return this.#dropped
  }

  add(record: string): void {
    if (this.size >= MAX_RECORDS || this.#characters + record.length > MAX_CHARACTERS) {
      this.#dropped++
      return
    }
    this.#characters += record.length
    this.#waiting.push(record)
    if (this.#waiting.length >= FLUSH_RECORDS && !this.#stalled) this.#write()
    else this.#writeWithin(FLUSH_MS)
  }

  /** Ends early when the disk takes no writes; what waits then is tried again later. */
  async flush(): Promise<void> {
    do {
      this.#write()
      await this.#writing
    } while (this.size > 0 && !this.#stalled)
  }

  /** The last attempt: what cannot be stored now is lost, and counted. */
  async close(): Promise<void> {
    await this.flush()
    this.#timer?.cancel()
    this.#dropped += this.size
    this.#waiting = []
    this.#batch = []
  }

  #writeWithin(ms: number): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#write(), ms)
  }

  #write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#writing || this.size === 0) return
    if (this.#batch.length === 0) this.#batch = this.#waiting.splice(0, BATCH_RECORDS)
    this.#writing = this.#submit().finally(() => this.#goOn())
  }

  async #submit(): Promise<void> {
    try {
      await this.#store.submit([{ sql: INSERT_BATCH, parameters: [`[${this.#batch.join(',')}]`] }])
      this.#stalled = false
    } catch (error) {
      const wasStalled = this.#stalled
      this.#stalled = error instanceof ParleyError && WAITING_HELPS.has(error.code)
      if (!this.#stalled) this.#dropped += this.#batch.length
      if (!wasStalled) this.#onError(error)
    }
    if (this.#stalled) return
    for (const record of this.#batch) this.#characters -= record.length
    this.#batch = []
  }

  #goOn(): void {
    this.#writing = undefined
    if (this.#stalled) this.#writeWithin(RETRY_MS)
    else if (this.#waiting.length >= FLUSH_RECORDS) this.#write()
    else if (this.#waiting.length > 0) this.#writeWithin(FLUSH_MS)
  }
}

const WAITING_HELPS: ReadonlySet<string> = new Set(['storage_full', 'unavailable'])
