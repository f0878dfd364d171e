import { expect, test } from 'vitest'
import { readCookie, setCookie } from './cookies.ts'

const HTTPS = 'https://hub.example'
const LOCAL = 'http://localhost:4747'

test('C1: over https a cookie is __Host- and Secure; on localhost it is named after the port', () => {
  expect(setCookie('session', 'abc', { origin: HTTPS, maxAgeSeconds: 60 })).toBe(
    '__Host-parley-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
  )
  expect(setCookie('visitor', 'abc', { origin: LOCAL })).toBe(
    'parley-visitor-4747=abc; Path=/; HttpOnly; SameSite=Lax',
  )
  expect(setCookie('session', '', { origin: HTTPS })).toContain('Max-Age=0')
})

test('a value is read by its exact name', () => {
  const header = 'other=1; __Host-parley-session=abc_-1; x=__Host-parley-session=no'
  expect(readCookie(header, 'session', HTTPS)).toBe('abc_-1')
  expect(readCookie(header, 'visitor', HTTPS)).toBeUndefined()
  expect(readCookie('parley-session-4748=abc', 'session', LOCAL)).toBeUndefined()
})

test.each([
  ['two of one name', '__Host-parley-session=a; __Host-parley-session=b'],
  ['a weaker name', 'parley-session=a'],
  ['odd characters', '__Host-parley-session=a"b'],
  ['too much', `__Host-parley-session=${'a'.repeat(300)}`],
  ['nothing', '__Host-parley-session='],
])('C1: %s is no cookie of ours', (_name, header) => {
  expect(readCookie(header, 'session', HTTPS)).toBeUndefined()
})
