import { ParleyError } from '@parley/contract'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Store } from '../store/index.ts'

const FLUSH_MS = 50
const FLUSH_RECORDS = 1024
/** The most of one commit, so that it never keeps the changes of state behind it waiting long. */
const BATCH_RECORDS = 4096
const BATCH_CHARACTERS = 4 * 1024 * 1024
const RETRY_MS = 1000
const MAX_RECORDS = 100_000
const MAX_CHARACTERS = 64 * 1024 * 1024

interface Batch {
  readonly records: string[]
  characters: number
}

/**
 * Records on their way to the store, oldest first, one batch at a time. While the disk takes no writes they wait, as
 * many as there is room for; beyond that the newest are dropped and counted.
 */
export class RecordQueue {
  readonly #store: Store
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  /** Oldest first. While one is written it stays the first, and nothing is added to it. */
  #batches: Batch[] = []
  #records = 0
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
    return this.#records
  }

  get dropped(): number {
    return this.#dropped
  }

  add(record: string): void {
    if (this.#records >= MAX_RECORDS || this.#characters + record.length > MAX_CHARACTERS) {
      this.#dropped++
      return
    }
    const batch = this.#batchFor(record)
    batch.records.push(record)
    batch.characters += record.length
    this.#records++
    this.#characters += record.length
    if (this.#isPlenty() && !this.#stalled) this.#write()
    else this.#writeWithin(FLUSH_MS)
  }

  #batchFor(record: string): Batch {
    const last = this.#batches.at(-1)
    const isBeingWritten = this.#writing !== undefined && this.#batches.length === 1
    if (
      last !== undefined &&
      !isBeingWritten &&
      last.records.length < BATCH_RECORDS &&
      last.characters + record.length <= BATCH_CHARACTERS
    )
      return last
    const batch: Batch = { records: [], characters: 0 }
    this.#batches.push(batch)
    return batch
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
    this.#dropped += this.#records
    this.#records = 0
    this.#batches = []
  }

  /** Enough waits, beside what is being written. */
  #isPlenty(): boolean {
    const inFlight = this.#writing === undefined ? 0 : (this.#batches[0]?.records.length ?? 0)
    return this.#records - inFlight >= FLUSH_RECORDS
  }

  #writeWithin(ms: number): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#write(), ms)
  }

  #write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const [batch] = this.#batches
    if (this.#writing || batch === undefined) return
    this.#writing = this.#submit(batch).finally(() => this.#goOn())
  }

  async #submit(batch: Batch): Promise<void> {
    try {
      await this.#store.submit([{ into: 'activity', column: 'record', texts: batch.records }])
      this.#stalled = false
    } catch (error) {
      const wasStalled = this.#stalled
      this.#stalled = error instanceof ParleyError && WAITING_HELPS.has(error.code)
      if (!this.#stalled) this.#dropped += batch.records.length
      if (!wasStalled) this.#onError(error)
    }
    if (this.#stalled) return
    this.#batches.shift()
    this.#records -= batch.records.length
    this.#characters -= batch.characters
  }

  #goOn(): void {
    this.#writing = undefined
    if (this.#stalled) this.#writeWithin(RETRY_MS)
    else if (this.#isPlenty()) this.#write()
    else if (this.#records > 0) this.#writeWithin(FLUSH_MS)
  }
}

const WAITING_HELPS: ReadonlySet<string> = new Set(['storage_full', 'unavailable'])
