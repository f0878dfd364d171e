export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph' | 'quote' | 'code'; readonly text: string }
  | {
      readonly kind: 'item'
      readonly depth: number
      readonly number: string | undefined
      readonly text: string
    }
  | {
      readonly kind: 'table'
      readonly header: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | { readonly kind: 'rule' }

const MAX_DEPTH = 8
const MAX_CELLS = 100

const FENCE = /^ {0,3}(`{3,}|~{3,})/
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const ITEM = /^([ \t]*)(?:[-*+]|(\d{1,9})[.)])[ \t]+(.*)$/
const QUOTE = /^ {0,3}>[ ]?(.*)$/
const SEPARATOR = /^\|?(?:[ \t]{0,9}:?-{1,200}:?[ \t]{0,9}\|){0,100}(?:[ \t]{0,9}:?-{1,200}:?)?$/
const MAX_SEPARATOR = 2000

/** Markdown as agents write it, line by line: headings, paragraphs, lists, quotes, fenced code, tables. Never fails. */
export function readMarkdown(text: string): Block[] {
  const lines = text.split(/\r\n|\n|\r/)
  const blocks: Block[] = []
  let paragraph: string[] = []
  const close = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', text: paragraph.join('\n') })
    paragraph = []
  }
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const table = line.includes('|') && isSeparator(lines[at + 1] ?? '') ? readTable(lines, at) : undefined
    const taken = table ?? readFence(lines, at) ?? readQuote(lines, at)
    if (taken) {
      close()
      blocks.push(taken.block)
      at = taken.end - 1
      continue
    }
    const single = readLine(line)
    if (single || line.trim() === '') close()
    if (single) blocks.push(single)
    else if (line.trim() !== '') addLine(blocks, paragraph, line)
  }
  close()
  return blocks
}

/** A line that goes on with an item stands deeper than its margin; any other begins or continues a paragraph. */
function addLine(blocks: Block[], paragraph: string[], line: string): void {
  const last = blocks.at(-1)
  if (paragraph.length === 0 && last?.kind === 'item' && /^[ \t]{2,}/.test(line))
    blocks[blocks.length - 1] = { ...last, text: `${last.text}\n${line.trim()}` }
  else paragraph.push(line.trimStart())
}

function readLine(line: string): Block | undefined {
  const [, marks, title] = HEADING.exec(line) ?? []
  if (marks !== undefined) return { kind: 'heading', level: marks.length, text: withoutClosingMarks(title!) }
  if (RULE.test(line)) return { kind: 'rule' }
  const item = ITEM.exec(line)
  if (!item) return undefined
  const [, margin = '', number, text = ''] = item
  const depth = Math.min(Math.floor(margin.replaceAll('\t', '    ').length / 2), MAX_DEPTH)
  return { kind: 'item', depth, number, text }
}

function withoutClosingMarks(title: string): string {
  let end = title.trimEnd().length
  const trimmed = title.slice(0, end)
  while (end > 0 && trimmed[end - 1] === '#') end--
  return end === 0 || trimmed[end - 1] === ' ' ? trimmed.slice(0, end).trim() : trimmed.trim()
}

type Taken = { readonly block: Block; readonly end: number }

function readFence(lines: readonly string[], start: number): Taken | undefined {
  const [, fence] = FENCE.exec(lines[start]!) ?? []
  if (fence === undefined) return undefined
  let end = start + 1
  while (end < lines.length && !lines[end]!.trimStart().startsWith(fence)) end++
  return { block: { kind: 'code', text: lines.slice(start + 1, end).join('\n') }, end: end + 1 }
}

function readQuote(lines: readonly string[], start: number): Taken | undefined {
  const said: string[] = []
  let end = start
  for (; end < lines.length; end++) {
    const quoted = QUOTE.exec(lines[end]!)
    if (!quoted) break
    said.push(quoted[1]!)
  }
  return end === start ? undefined : { block: { kind: 'quote', text: said.join('\n') }, end }
}

function isSeparator(line: string): boolean {
  const rule = line.trim()
  return rule.includes('-') && rule.length <= MAX_SEPARATOR && SEPARATOR.test(rule)
}

function readTable(lines: readonly string[], start: number): Taken {
  const header = cellsOf(lines[start]!)
  const rows: string[][] = []
  let end = start + 2
  for (; end < lines.length && lines[end]!.includes('|'); end++) rows.push(cellsOf(lines[end]!))
  return { block: { kind: 'table', header, rows }, end }
}

function cellsOf(line: string): string[] {
  const cells = line
    .trim()
    .replace(/^\|/, '')
    .split(/(?<!\\)\|/, MAX_CELLS + 1)
  if (cells.at(-1)?.trim() === '') cells.pop()
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}
