import { expect, test } from 'vitest'
import { isInRange, readRange } from './media-range.ts'

const fits = (range: string, mode: string) => isInRange(readRange(range)!, readRange(mode)!)

test('point 7: modes are held against each other as media ranges, weights aside', () => {
  expect(fits('text/*', 'text/markdown')).toBe(true)
  expect(fits('*/*', 'audio/wav')).toBe(true)
  expect(fits('Text/Plain; Charset="UTF-8"; q=0.5', 'text/plain')).toBe(true)
  expect(fits('text/plain;charset=utf-8', 'text/plain;charset=utf-16')).toBe(false)
  expect(fits('text', 'text/html')).toBe(true)
  expect(fits('image/png', 'image/jpeg')).toBe(false)
  for (const one of ['', '/', 'a/b/c', '*/png', 'text/ plain x', `text/${'x'.repeat(300)}`])
    expect(readRange(one)).toBeUndefined()
})
