const MAX_COLUMNS = 200
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/

/** RFC 4180 with a line of names: one object a row. Undefined where it is no table. */
export function csvToData(csv: string): Readonly<Record<string, unknown>>[] | undefined {
  const [names, ...rows] = readRows(csv)
  if (!names || names.length > MAX_COLUMNS || new Set(names).size !== names.length) return undefined
  if (rows.some((row) => row.length !== names.length)) return undefined
  // fromEntries defines what it is given: a column may be named as a member of all objects is.
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, valueOf(row[at]!)])))
}

/** A number where it reads back as it was written. */
export function valueOf(cell: string): string | number {
  return NUMBER.test(cell) && String(Number(cell)) === cell ? Number(cell) : cell
}

/** A table as CSV. */
export function writeCsv(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('')
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? harmless(value) : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet would run it as a formula. */
function harmless(text: string): string {
  return /^[=@\t]/.test(text) || (/^[+-]/.test(text) && !/^[+-][\d .,()/-]*$/.test(text)) ? `'${text}` : text
}

function readRows(csv: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < csv.length) {
    const { cell, end } = readCell(csv, at)
    row.push(cell)
    at = end
    if (csv[at] === ',') {
      at++
      // A comma at the very end has an empty cell behind it.
      if (at < csv.length) continue
      row.push('')
    }
    if (csv[at] === '\r' && csv[at + 1] === '\n') at++
    at++
    rows.push(row)
    row = []
  }
  return rows
}

const END_OF_CELL = /[,\r\n]/g

function readCell(csv: string, start: number): { readonly cell: string; readonly end: number } {
  if (csv[start] !== '"') {
    END_OF_CELL.lastIndex = start
    const end = END_OF_CELL.exec(csv)?.index ?? csv.length
    return { cell: csv.slice(start, end), end }
  }
  let cell = ''
  let at = start + 1
  for (;;) {
    const quote = csv.indexOf('"', at)
    if (quote < 0) return { cell: cell + csv.slice(at), end: csv.length }
    cell += csv.slice(at, quote)
    if (csv[quote + 1] !== '"') return { cell, end: quote + 1 }
    cell += '"'
    at = quote + 2
  }
}
