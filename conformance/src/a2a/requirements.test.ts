import { expect, test } from 'vitest'
import { CHECKS } from './checks/all-checks.ts'
import { A2A_REQUIREMENTS } from './requirements.ts'
import { exceptionsOf } from './sdk-exceptions.ts'

const ids = A2A_REQUIREMENTS.map(({ id }) => id)

test('requirements of A2A have ids of their own', () => {
  expect(new Set(ids).size).toBe(ids.length)
})

test.each(A2A_REQUIREMENTS)('$id has a check, or says where it is shown', ({ id, untested }) => {
  const isChecked = CHECKS.some(({ proves }) => proves.includes(id))
  expect(isChecked).toBe(untested === undefined)
})

test('checks prove requirements that there are, and have names of their own', () => {
  expect(CHECKS.flatMap(({ proves }) => proves).filter((id) => !ids.includes(id))).toEqual([])
  const names = CHECKS.map(({ says }) => says)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test('exceptions name checks that there are', () => {
  const names = CHECKS.map(({ says }) => says)
  expect(
    exceptionsOf('agent')
      .map(({ check }) => check)
      .filter((check) => !names.includes(check)),
  ).toEqual([])
  expect(
    exceptionsOf('hub')
      .map(({ check }) => check)
      .filter((check) => !names.includes(check)),
  ).toEqual([])
})
