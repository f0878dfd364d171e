import type { Row, SqlValue, Unit, UnitResult, WriterSettings } from './unit.ts'

export interface StoreStatus extends WriterSettings {
  /** False while the disk refuses writes. It turns true by itself, a second or so after there is space. */
  readonly writable: boolean
  readonly waitingUnits: number
}

/** The hub's database: reads here and now, writes as units on a thread of their own. */
export interface Store extends AsyncDisposable {
  /**
   * Applies a unit; resolves once it is on disk. Rejects with `storage_full` (the hub goes on, reads work, and writing
   * works again when there is space), or `unavailable` when 10,000 units wait.
   */
  submit(unit: Unit): Promise<UnitResult>
  all(sql: string, ...parameters: SqlValue[]): Row[]
  get(sql: string, ...parameters: SqlValue[]): Row | undefined
  /**
   * Copies the database into a new file while the hub goes on, with at least every write acknowledged before the
   * call; resolves with its bytes. Rejects with `conflict` when the file exists.
   */
  backup(file: string): Promise<number>
  status(): StoreStatus
}
