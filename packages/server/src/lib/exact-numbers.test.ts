import { expect, test } from 'vitest'
import { isRawNumber, parseExactly } from './exact-numbers.ts'

test.each([
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890',
  '0.1000000000000000055511151231257827',
  '18446744073709551615',
  '1.00000000000000000001e3',
])('%s is written again as it was sent', (text) => {
  expect(JSON.stringify(parseExactly(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`)
})

test.each([
  '9007199254740992',
  '10000000000000000000000',
  '0.30000000000000004',
  '123456789.00000000',
  '1.5e-300',
  '5e-324',
])('%s is a number like any other', (text) => {
  expect(parseExactly(text)).toBe(Number(text))
})

test('text that merely holds digits stays text', () => {
  expect(parseExactly('{"id":"9007199254740993"}')).toEqual({ id: '9007199254740993' })
  expect(isRawNumber({ rawJSON: '1' })).toBe(false)
})
