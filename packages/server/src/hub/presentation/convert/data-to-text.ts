import { isRawNumber } from '../../../lib/exact-numbers.ts'
import { isObject } from '../../../lib/json-rpc.ts'

const MAX_DEPTH = 20

/** Data as lines with their names, nested ones set in. */
export function dataToText(data: unknown): string {
  const lines: string[] = []
  write(data, { lines, label: '', depth: 0 })
  return lines.join('\n')
}

function write(value: unknown, to: { lines: string[]; label: string; depth: number }): void {
  const { lines, label, depth } = to
  const margin = '  '.repeat(depth)
  if (!isNested(value) || depth >= MAX_DEPTH) {
    const words = wordsOf(value)
    lines.push(`${margin}${label}${label.endsWith(':') ? ' ' : ''}${words}`)
    return
  }
  if (label !== '') lines.push(margin + label)
  const inner = label === '' ? depth : depth + 1
  if (Array.isArray(value)) {
    value.forEach((one, at) => writeItem(one, { lines, depth: inner, number: at + 1 }))
    return
  }
  for (const [name, one] of Object.entries(value as object))
    write(one, { lines, label: `${name}:`, depth: inner })
}

function writeItem(
  value: unknown,
  { lines, depth, number }: { lines: string[]; depth: number; number: number },
): void {
  write(value, { lines, label: isNested(value) ? `${number}.` : '- ', depth })
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) || (isObject(value) && !isRawNumber(value))
}

function wordsOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
