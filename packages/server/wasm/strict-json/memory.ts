// The one map of the module's memory. Addresses are bytes; the text stands last of the fixed part, and what grows
// with it (the keys of large objects and their tables) stands behind it, in room the host has made.

/** Where the host finds the offset of an error. */
export const ERROR_OFFSET: u32 = 64

/** Start and end of each watched field, two i32 for each slot; the start is -1 when the message has none. */
export const SPANS: u32 = 128
export const SPAN_SLOTS: u32 = 24
/** Where the end of a value goes that nobody asks for. */
export const SINK: u32 = 72

/** What is known of the fields that are watched: see `fields.ts`. */
export const FIELDS: u32 = 2048
export const FIELD_NAMES: u32 = 5120

/**
 * What is kept of each level that is open. The keys of the object that closed there last stay, for the next one to
 * be held against; all of it is void when a scan begins.
 */
export const LEVELS: u32 = 8192
export const LEVEL_BYTES: u32 = 416
export const MAX_DEPTH: u32 = 64
/** Keys of a small object: their hashes, then 8 bytes each: address of the quote, bytes up to and with the colon. */
export const LEDGER_KEYS: u32 = 32
export const LEDGER: u32 = 128
/** The scanner's own state while it is inside: flags, next ledger entry, end of those to recognise. */
export const FRAME: u32 = 384
/** Where the end of the current member's value is noted, when somebody watches. */
export const PENDING: u32 = 396
/** The end of the ledger entries that may be recognised. */
export const RECALL: u32 = 400
/** A large object: address of its keys, of its table, places in the table. */
export const LARGE: u32 = 404

export const TEXT: u32 = 40960
/** Zeros behind the text: blocks are read whole, and a zero ends every loop. */
export const PADDING_BYTES: u32 = 128
