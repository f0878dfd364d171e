/** Where sealed values stand in the database. The names are SQL that the code knows, never input. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The column that finds a row again. */
  readonly key: string
  /** What a row's values are sealed for: an expression that gives the `id` of their `SealedPlace`. */
  readonly place: string
  /** How many are sealed anew in one unit, where they may be large; 200 otherwise. */
  readonly batch?: number
}
