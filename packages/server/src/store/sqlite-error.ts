/** Primary result codes of SQLite; an extended code holds one in its low byte. */
export const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

const STORAGE = [SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN]

export function isSqliteError(error: unknown, ...codes: readonly number[]): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' && codes.includes(code & 0xff)
}

/** The disk did not take the write: it is full, read-only, or failing. It may take it later. */
export function isStorageError(error: unknown): boolean {
  return isSqliteError(error, ...STORAGE)
}

/** The file is not, or is no longer, a sound database. */
export function isDamage(error: unknown): boolean {
  return isSqliteError(error, SQLITE_CORRUPT, SQLITE_NOTADB)
}
