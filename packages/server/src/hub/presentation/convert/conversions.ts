import { parseExactly } from '../../../lib/exact-numbers.ts'
import { csvToData, valueOf, writeCsv } from './csv.ts'
import { tableOf, type DataTable } from './data-table.ts'
import { dataToText } from './data-to-text.ts'
import { escapeHtml } from './escape-html.ts'
import { htmlToText } from './html-to-text.ts'
import { markdownToHtml } from './markdown-to-html.ts'
import { markdownToText } from './markdown-to-text.ts'
import { readMarkdown } from './read-markdown.ts'

/** What the hub can read and write. */
export const FORMS = ['text/plain', 'text/markdown', 'text/html', 'application/json', 'text/csv'] as const
export type Form = (typeof FORMS)[number]

/** Text, or data for `application/json`. */
export type Content = { readonly text: string } | { readonly data: unknown }

/** What is longer is not converted. */
export const MAX_CONVERTED_CHARACTERS = 256 * 1024

/** The same in another form; undefined where it cannot be said so. */
export function convert(content: Content, from: Form, to: Form): Content | undefined {
  if (from === to) return content
  if ('text' in content && content.text.length > MAX_CONVERTED_CHARACTERS) return undefined
  if ('data' in content) return fromData(content.data, to)
  const { text } = content
  switch (from) {
    case 'application/json':
      return fromData(parse(text), to)
    case 'text/csv': {
      const data = csvToData(text)
      return data && (to === 'application/json' ? { data } : fromData(data, to))
    }
    case 'text/html':
      return to === 'text/plain' ? { text: htmlToText(text) } : undefined
    case 'text/plain':
      if (to === 'text/html') return { text: textToHtml(text) }
      if (to === 'text/markdown') return { text: text.replace(/[\\`*_[\]<>#|~]/g, '\\$&') }
      return fromTable(text, to)
    case 'text/markdown':
      if (to === 'text/plain') return { text: markdownToText(text) }
      return to === 'text/html' ? { text: markdownToHtml(text) } : fromTable(text, to)
  }
}

/** Whether something of this form may be said in the other: text as data only where it is a table. */
export function mayConvert(from: Form, to: Form): boolean {
  return from !== 'text/html' || to === 'text/plain' || to === from
}

/** Whether a text may be converted piece by piece, as its chunks come. */
export function isPiecewise(from: Form, to: Form): boolean {
  return from === 'text/plain' && to === 'text/html'
}

export function textToHtml(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>\n')
}

function fromData(data: unknown, to: Form): Content | undefined {
  if (data === undefined) return undefined
  if (to === 'application/json') return { data }
  if (to === 'text/plain') return limited(dataToText(data))
  const table = tableOf(data)
  if (to === 'text/csv') return table && limited(writeCsv(table.header, table.rows))
  const markdown = table ? writeTable(table) : fenced(data)
  return limited(to === 'text/html' ? markdownToHtml(markdown) : markdown)
}

function limited(text: string): Content | undefined {
  return text.length > MAX_CONVERTED_CHARACTERS ? undefined : { text }
}

function fenced(data: unknown): string {
  return `\`\`\`json\n${JSON.stringify(data, undefined, 2)}\n\`\`\``
}

function writeTable({ header, rows }: DataTable): string {
  const line = (cells: readonly unknown[]) => `| ${cells.map(cellOf).join(' | ')} |`
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n')
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(/[\\`*_[\]<>|~]/g, '\\$&').replace(/\s+/g, ' ')
}

/** The tables in a text: one as its rows, several as a list of them. */
function fromTable(text: string, to: Form): Content | undefined {
  const tables = readMarkdown(text).flatMap((block) => (block.kind === 'table' ? [block] : []))
  const [first] = tables
  if (!first) return undefined
  if (to === 'text/csv') return tables.length === 1 ? { text: writeCsv(first.header, first.rows) } : undefined
  const all = tables.map(({ header, rows }) =>
    rows.map((row) => Object.fromEntries(header.map((name, at) => [name, valueOf(row[at] ?? '')]))),
  )
  return { data: all.length === 1 ? all[0] : all }
}

function parse(text: string): unknown {
  try {
    return parseExactly(text)
  } catch {
    return undefined
  }
}
