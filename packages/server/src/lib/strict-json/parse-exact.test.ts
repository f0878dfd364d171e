import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact } from './parse-exact.ts'

test.each([
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890',
  '0.1000000000000000055511151231257827',
  '1.00000000000000000001e5',
  '{"a":[1,9007199254740993,{"b":0.30000000000000000001}],"c":"9007199254740993"}',
])('%s stays as it is written', (text) => {
  expect(JSON.stringify(parseExact(text))).toBe(text)
})

test('everything else is what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(parseExact(text)).toEqual(JSON.parse(text))
    }),
  )
})
