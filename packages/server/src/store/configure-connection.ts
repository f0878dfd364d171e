import type { DatabaseSync } from 'node:sqlite'

/** An acknowledged write must survive a power cut, hence FULL; mmap off, because a bad page must be an error. */
export function configureConnection(database: DatabaseSync): void {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA busy_timeout = 5000;
    PRAGMA mmap_size = 0;
    PRAGMA trusted_schema = OFF;
  `)
}
