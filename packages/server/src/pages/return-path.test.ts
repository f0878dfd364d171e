import { expect, test } from 'vitest'
import { ownPath } from './index.ts'

test.each(['/account', '/account/password', '/interaction/abc?x=%2F1', '/consent/abc'])(
  '%s is a way on',
  (path) => {
    expect(ownPath(path)).toBe(path)
  },
)

test.each([
  'https://evil.example/account',
  '//evil.example/account',
  '/\\evil.example',
  '\\/evil.example',
  '/account/../mcp',
  '/account/%2e%2e/mcp',
  '/account//evil.example',
  '/account%2f..%2fmcp',
  '/accounts',
  '/accountant/x',
  '/login',
  '/logout',
  '/mcp',
  '/api',
  '',
  'account',
  '/account\n',
  '\t/account',
  '/account#x',
  '/interaction/a\r\nset-cookie: x',
  `/account/${'a'.repeat(3000)}`,
  'javascript:alert(1)',
])('%j is not', (path) => {
  expect(ownPath(path)).toBeUndefined()
})
