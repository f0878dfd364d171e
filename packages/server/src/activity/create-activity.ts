import type { ActivityRecord } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { Statement, Store } from '../store/index.ts'
import { CallEncoder } from './call-encoder.ts'
import type { CallRecord } from './call-record.ts'
import { encodeRecord } from './encode-record.ts'
import { RecordQueue } from './record-queue.ts'

export interface Activity extends AsyncDisposable {
  /**
   * Records a plain call, in the form that costs the least: see `record`. The principal and the decision must be
   * immutable, and best the same objects from call to call.
   */
  recordCall(call: CallRecord): void | Promise<void>
  /**
   * Records what changed no state. `queued`: kept in memory for 50 ms or until 1,024 wait, and dropped and counted when 100,000
   * records or 64 Mi characters wait already; `strict`: resolves once it is on disk.
   */
  record(record: ActivityRecord): void | Promise<void>
  /** The record of a change of state, as a statement for the change's own unit. */
  statement(record: ActivityRecord): Statement
  /** Newest first; `before` is the `seq` to go on from. */
  list(options: { readonly before: number | undefined; readonly limit: number }): {
    seq: number
    record: ActivityRecord
  }[]
  status(): { readonly queued: number; readonly dropped: number; readonly lastSeq: number }
  /** Resolves when everything recorded so far is on disk, or was dropped because the disk takes no writes. */
  flush(): Promise<void>
}

/**
 * The record of everything that was done. `seq` is given in the order of commits, without gaps and never again; the
 * text that is stored is canonical JSON (RFC 8785).
 */
export function createActivity(options: {
  readonly store: Store
  readonly clock: Clock
  readonly mode: 'queued' | 'strict'
  /** Told when records of plain calls could not be stored: once when the disk begins to refuse them. */
  readonly onError: (error: unknown) => void
}): Activity {
  const { store, mode } = options
  const queue = new RecordQueue(options)

  const calls = new CallEncoder()

  function add(text: string): void | Promise<void> {
    if (mode === 'queued') return queue.add(text)
    return store.submit([insertOf(text)]).then(() => undefined)
  }

  return {
    record: (record) => add(encodeRecord(record)),
    recordCall: (call) => add(calls.encode(call)),
    statement: (record) => insertOf(encodeRecord(record)),
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
      return { queued: queue.size, dropped: queue.dropped, lastSeq: Number(last?.['seq'] ?? 0) }
    },
    flush: () => queue.flush(),
    [Symbol.asyncDispose]: () => queue.close(),
  }
}

function insertOf(text: string): Statement {
  return { sql: 'INSERT INTO activity (record) VALUES (?)', parameters: [text] }
}
