import { expect, it } from 'vitest'
import { isCredentialValue, isHeaderName, isReservedHeader } from './credential-header.ts'

it.each([
  ['x-api-key', true, false],
  ['authorization', true, false],
  ['cookie', true, false],
  ['content-length', true, true],
  ['a2a-version', true, true],
  ['x-a2a-extensions', true, true],
  ['mcp-session-id', true, true],
  ['grpc-timeout', true, true],
  ['a b', false, false],
  ['', false, false],
  ['x\r\ny', false, false],
])('the header %j', (name, isName, isReserved) => {
  expect([isHeaderName(name), isReservedHeader(name)]).toEqual([isName, isReserved])
})

it.each([
  ['Bearer t', true],
  ['a\r\nb: c', false],
  [' a', false],
  ['', false],
  ['x'.repeat(8193), false],
])('the value %#', (value, wanted) => {
  expect(isCredentialValue(value)).toBe(wanted)
})
