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

/** How long ago an instant is, in the largest unit that there is one of. */
export function ageOf(instant: number, nowMs: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - instant) / 1000))
  for (const [unit, length] of UNITS) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`
  return `${seconds} s`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const
