import { readInline } from './read-inline.ts'
import { readMarkdown, type Block } from './read-markdown.ts'

/** For reading aloud: no marks, tables row by row with the name of each column, images by their words. */
export function markdownToText(markdown: string): string {
  let text = ''
  let before: Block | undefined
  for (const block of readMarkdown(markdown)) {
    const isClose = before?.kind === 'item' && block.kind === 'item'
    if (before) text += isClose ? '\n' : '\n\n'
    text += wordsOf(block)
    before = block
  }
  return text
}

function wordsOf(block: Block): string {
  if (block.kind === 'rule') return ''
  if (block.kind === 'code') return block.text
  if (block.kind === 'item')
    return `${'  '.repeat(block.depth)}${block.number === undefined ? '-' : `${block.number}.`} ${plain(block.text)}`
  if (block.kind === 'quote') return `“${markdownToTextOnce(block.text)}”`
  if (block.kind !== 'table') return plain(block.text)
  const names = block.header.map(plain)
  return block.rows
    .map((row) =>
      row.map((cell, at) => (names[at] ? `${names[at]}: ${plain(cell)}` : plain(cell))).join('; '),
    )
    .join('\n')
}

/** A quote within a quote is not looked into: depth is not the writer's to choose. */
function markdownToTextOnce(text: string): string {
  return text.split('\n').map(plain).join('\n')
}

function plain(text: string): string {
  let words = ''
  for (const one of readInline(text)) {
    if (one.kind === 'link')
      words += one.text === one.url || one.url === '' ? one.text : `${one.text} (${one.url})`
    else if ('text' in one) words += one.text
  }
  return words
}
