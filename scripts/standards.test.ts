import { expect, test } from 'vitest'
import { findProofs, proofsOf } from './find-proofs.ts'
import { REQUIREMENTS } from './standards.ts'

test('proofs are found by the names of tests and cases', () => {
  const text = `test('A4, R5: a code is redeemed once', …)
it.each(x)("C9: it's the same answer for %s", …)
{ requirement: 'R4', also: ['A5'], name: 'fifty refreshes', run }`
  expect(proofsOf('x.test.ts', text).map(({ id, name }) => `${id} ${name}`)).toEqual([
    'A4 a code is redeemed once',
    'R5 a code is redeemed once',
    "C9 it's the same answer for %s",
    'R4 fifty refreshes',
    'A5 fifty refreshes',
  ])
})

const proved = new Set(findProofs().map(({ id }) => id))

test.each(REQUIREMENTS)('$id has a test that proves it, or says why not', ({ id, notYet }) => {
  expect(proved.has(id)).toBe(notYet === undefined)
})
