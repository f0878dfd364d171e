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

/** Statements that take effect together or not at all. */
export type Unit = readonly Statement[]

export type Row = Readonly<Record<string, SqlValue>>

export type UnitResult =
  | { readonly kind: 'done'; readonly rows: readonly (readonly Row[])[] }
  | { readonly kind: 'conflict'; readonly statement: number }

/** A unit's answer from the writer thread. */
export type WriterAnswer = { readonly id: number } & (
  | { readonly result: UnitResult }
  | { readonly failure: { readonly full: boolean; readonly message: string } }
)

export type WriterMessage =
  | { readonly kind: 'unit'; readonly id: number; readonly unit: Unit }
  | { readonly kind: 'close'; readonly id: number }
