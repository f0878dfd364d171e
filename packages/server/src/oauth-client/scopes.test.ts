import { expect, test } from 'vitest'
import { chooseScope, coversScope } from './scopes.ts'

const none = { challenged: undefined, ofResource: undefined, previous: undefined, ofServer: undefined }

test.each([
  ['of the challenge first', { ...none, challenged: 'a b', ofResource: ['c'] }, 'a b'],
  ['all of the resource without it', { ...none, ofResource: ['c', 'd'] }, 'c d'],
  ['none when nothing is said', none, undefined],
  ['none for an empty list', { ...none, ofResource: [] }, undefined],
  ['the union when more is needed', { ...none, challenged: 'b c', previous: 'a b' }, 'a b c'],
  ['the previous one, not the whole list', { ...none, previous: 'a', ofResource: ['a', 'b'] }, 'a'],
  [
    'offline_access where it is known',
    { ...none, challenged: 'a', ofServer: ['a', 'offline_access'] },
    'a offline_access',
  ],
  ['offline_access never alone', { ...none, ofServer: ['offline_access'] }, undefined],
])('CL11: the scope is %s', (_, sources, expected) => {
  expect(chooseScope(sources)).toBe(expected)
})

test('CL11: what was granted already is not asked for again', () => {
  expect(coversScope('a b', 'b')).toBe(true)
  expect(coversScope('a', 'a b')).toBe(false)
  expect(coversScope(undefined, 'a')).toBe(false)
})
