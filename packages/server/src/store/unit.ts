import type { WireUnit } from './unit-wire.ts'

/** What SQLite stores. */
export type SqlValue = string | number | bigint | Uint8Array | null

/**
 * One conditional statement. With `expect: 'changed'` a statement that changes and returns no row rolls its whole
 * unit back.
 */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  readonly expect?: 'changed'
}

/**
 * New rows of one text each, in their order: a tenth of the cost of as many statements. `into` and `column` are names
 * that the code knows, never input.
 */
export interface TextRows {
  readonly into: string
  readonly column: string
  readonly texts: readonly string[]
}

/** Statements that take effect together or not at all. */
export type Unit = readonly (Statement | TextRows)[]

export type Row = Readonly<Record<string, SqlValue>>

export type UnitResult =
  | { readonly kind: 'done'; readonly rows: readonly (readonly Row[])[] }
  | { readonly kind: 'conflict'; readonly statement: number }

/** Why a unit did not take effect. `storage`: the disk did not take it, and may later. */
export interface UnitFailure {
  readonly kind: 'storage' | 'statement'
  readonly message: string
}

export interface NumberedUnit {
  readonly id: number
  readonly unit: Unit
}

export type UnitAnswer = { readonly id: number } & (
  | { readonly result: UnitResult }
  | { readonly failure: UnitFailure }
)

/** How the writing connection is set, read back from it. */
export interface WriterSettings {
  readonly journalMode: string
  readonly synchronous: string
  readonly sqliteVersion: string
}

/** Units in the order in which they were submitted. */
export type ToWriter = readonly WireUnit[] | 'close'

export type FromWriter =
  | { readonly kind: 'ready'; readonly settings: WriterSettings }
  | { readonly kind: 'answers'; readonly answers: readonly UnitAnswer[] }
  /** The disk takes writes again after it refused one. */
  | { readonly kind: 'writable' }
