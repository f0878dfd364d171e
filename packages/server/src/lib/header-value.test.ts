import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'

test('every text survives the way through a header, which stays plain ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const value = encodeHeaderValue(text)
      expect(value).toMatch(/^[\x20-\x7e\t]*$/)
      expect(decodeHeaderValue(value)).toBe(text)
    }),
    { seed: 3 },
  )
})

test.each([
  ['us-west1', 'us-west1'],
  ['=?base64?SGVsbG8sIOS4lueVjA==?=', 'Hello, 世界'],
  ['=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=', '=?base64?literal?='],
  ['=?BASE64?QQ==?=', '=?BASE64?QQ==?='],
  ['=?base64?not base64?=', undefined],
  ['=?base64?QQ?=', undefined],
  ['=?base64?/w==?=', undefined],
  ['caf\u00e9', undefined],
])('%s stands for %s', (value, text) => {
  expect(decodeHeaderValue(value)).toBe(text)
})
