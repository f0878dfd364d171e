import { expect, test } from 'vitest'
import { argumentConstraint, capabilityPattern } from './index.ts'

const OPEN = [
  'https://good.example',
  'http://good.example:80',
  'HTTPS://good.example',
  'https:good.example',
  'https:\\\\good.example',
  ' https://good.example',
  'https://user@good.example',
]
const CLOSED = [
  'https://',
  'https://good.example/',
  'https://good.example/a',
  'https://good.example?a=',
  '/tmp',
  'notes',
]

test.each(OPEN)('G2: %j as the beginning of a URL is refused: its host could go on', (prefix) => {
  expect(argumentConstraint.safeParse({ pointer: '/url', prefix }).success).toBe(false)
  expect(capabilityPattern.safeParse(`resource:web/${prefix}*`).success).toBe(false)
})

test.each(CLOSED)('G2: %j as a beginning is taken', (prefix) => {
  expect(argumentConstraint.safeParse({ pointer: '/url', prefix }).success).toBe(true)
  expect(capabilityPattern.safeParse(`resource:web/${prefix}*`).success).toBe(true)
})

test('G2: a whole URL may stop with its host', () => {
  expect(capabilityPattern.safeParse('resource:web/https://good.example').success).toBe(true)
  expect(argumentConstraint.safeParse({ pointer: '/url', equals: 'https://good.example' }).success).toBe(true)
})
