import type { ActivityRecord } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { canonicalJson } from '../lib/jcs.ts'
import type { Statement, Store } from '../store/index.ts'

const FLUSH_MS = 50
const FLUSH_RECORDS = 256
const MAX_QUEUED = 100_000

export interface Activity extends AsyncDisposable {
  /**
   * Records a plain call. `queued`: kept in memory for at most 50 ms, and dropped (and counted) when 100,000 wait;
   * `strict`: resolves once it is on disk.
   */
  record(record: ActivityRecord): void | Promise<void>
  /** The record of a change of state, as a statement for the change's own unit. */
  statement(record: ActivityRecord): Statement
  /** Newest first; `before` is the `seq` to go on from. */
  list(options: {
    readonly before: number | undefined
    readonly limit: number
  }): { seq: number; record: ActivityRecord }[]
  status(): { readonly queued: number; readonly dropped: number; readonly lastSeq: number }
}

/** The audit record of everything that was done; the text that is stored is canonical JSON (RFC 8785). */
export function createActivity(options: {
  readonly store: Store
  readonly clock: Clock
  readonly mode: 'queued' | 'strict'
  readonly onError: (error: unknown) => void
}): Activity {
  const { store, clock, mode, onError } = options
  let queue: string[] = []
  let inFlight = 0
  let dropped = 0
  let scheduled = false

  function record(entry: ActivityRecord): void | Promise<void> {
    if (mode === 'strict') return store.submit([statement(entry)]).then(() => undefined)
    if (queue.length + inFlight >= MAX_QUEUED) {
      dropped++
      return
    }
    queue.push(canonicalJson(entry))
    if (queue.length >= FLUSH_RECORDS) void flush()
    else if (!scheduled) {
      scheduled = true
      clock.setTimeout(() => void flush(), FLUSH_MS)
    }
  }

  /** One statement and one string for the whole batch: rows are split by SQLite, not by the event loop. */
  async function flush(): Promise<void> {
    scheduled = false
    if (queue.length === 0) return
    const batch = queue
    queue = []
    inFlight += batch.length
    try {
      await store.submit([{ sql: INSERT_BATCH, parameters: [`[${batch.join(',')}]`] }])
    } catch (error) {
      dropped += batch.length
      onError(error)
    } finally {
      inFlight -= batch.length
    }
  }

  function statement(entry: ActivityRecord): Statement {
    return { sql: 'INSERT INTO activity (record) VALUES (?)', parameters: [canonicalJson(entry)] }
  }

  return {
    record,
    statement,
    list({ before, limit }) {
      const rows = store.all(
        'SELECT seq, record FROM activity WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      return rows.map((row) => ({
        seq: Number(row['seq']),
        record: JSON.parse(String(row['record'])) as ActivityRecord,
      }))
    },
    status() {
      const last = store.get('SELECT max(seq) AS seq FROM activity')
      return { queued: queue.length + inFlight, dropped, lastSeq: Number(last?.['seq'] ?? 0) }
    },
    [Symbol.asyncDispose]: flush,
  }
}

const INSERT_BATCH = 'INSERT INTO activity (record) SELECT value FROM json_each(?) ORDER BY key'
