/** Rows of words under each other, the columns as wide as they need to be. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, word] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, word.length)
  return rows
    .map((row) =>
      row
        .map((word, at) => word.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A day and time as a person reads it, in UTC. */
export function when(instant: number | null): string {
  return instant === null ? 'never' : new Date(instant).toISOString().slice(0, 16).replace('T', ' ')
}
