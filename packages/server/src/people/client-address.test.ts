import { expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'

function requestFrom(remoteAddress: string, forwarded?: string): Parameters<typeof clientAddress>[0] {
  return { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } } as never
}

test('what the client says of its address counts only when a trusted proxy added it', () => {
  expect(clientAddress(requestFrom('198.51.100.7', '203.0.113.9'), false)).toBe('198.51.100.7')
  expect(clientAddress(requestFrom('127.0.0.1', '10.0.0.1, 203.0.113.9'), true)).toBe('203.0.113.9')
  expect(clientAddress(requestFrom('127.0.0.1'), true)).toBeUndefined()
})

test('an IPv6 site counts as one, however its addresses are written', () => {
  expect(clientAddress(requestFrom('2001:db8:1:2:3:4:5:6'), false)).toBe('2001:db8:1:2::/64')
  expect(clientAddress(requestFrom('2001:db8:1:2::9'), false)).toBe('2001:db8:1:2::/64')
  expect(clientAddress(requestFrom('2001:db8::1'), false)).toBe('2001:db8:0:0::/64')
  expect(clientAddress(requestFrom('::ffff:198.51.100.7'), false)).toBe('198.51.100.7')
})
