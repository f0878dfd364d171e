import { expect, test } from 'vitest'
import { checkCredentialHeaders } from './index.ts'

const check = (name: string, value = 'v') => checkCredentialHeaders([{ name, value }])

test('headers that carry credentials are taken, in lower case', () => {
  expect(check('X-Api-Key', 'k y')).toEqual({ 'x-api-key': 'k y' })
  expect(check('Authorization', 'Bearer t')).toEqual({ authorization: 'Bearer t' })
  expect(check('Cookie', 'a=b; c=d')).toEqual({ cookie: 'a=b; c=d' })
})

test.each([
  'Host',
  'content-length',
  'Transfer-Encoding',
  'connection',
  'MCP-Session-Id',
  'mcp-protocol-version',
  'Proxy-Authorization',
  'x-forwarded-for',
  'accept',
  'te',
  'upgrade',
  '',
  'a b',
  'a:',
  'ä',
  'x'.repeat(65),
])('the header %j is refused', (name) => {
  expect(() => check(name)).toThrow()
})

test.each(['', ' x', 'x ', 'a\r\nb: c', 'a\nb', 'a\0b', 'ä', 'x'.repeat(8193)])(
  'a value that could begin a line, or is too long, is refused and not repeated (%#)',
  (value) => {
    expect(() => check('x-key', value)).toThrow(/^The value of "x-key" must be/)
  },
)

test('none, nine and the same twice are refused', () => {
  const many = Array.from({ length: 9 }, (_, at) => ({ name: `x-${at}`, value: 'v' }))
  expect(() => checkCredentialHeaders([])).toThrow('1 to 8')
  expect(() => checkCredentialHeaders(many)).toThrow('1 to 8')
  expect(() => checkCredentialHeaders([...many.slice(0, 1), { name: 'X-0', value: 'w' }])).toThrow(
    'more than once',
  )
  expect(Object.keys(check('__proto__'))).toEqual(['__proto__'])
})
