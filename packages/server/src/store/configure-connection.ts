import type { DatabaseSync } from 'node:sqlite'

/** After a burst the log file shrinks back to this. */
const MAX_IDLE_WAL_BYTES = 64 * 1024 * 1024

/** Taken by a new database only. Twice SQLite's own: the log of records takes a quarter less to write. */
const PAGE_BYTES = 8192

/** For the connections that write: an acknowledged write must survive a power cut, hence FULL. */
export function configureWriter(database: DatabaseSync): void {
  configureReader(database)
  database.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES};
  `)
}

/** For every connection. Memory mapping stays off, because a bad page must be an error and not a signal. */
export function configureReader(database: DatabaseSync): void {
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA mmap_size = 0;
    PRAGMA trusted_schema = OFF;
  `)
}
