import { expect, test } from 'vitest'
import { checkCallback } from './check-callback.ts'
import type { AuthorizationServer } from './find-authorization-server.ts'

const issuer = 'https://as.example'
const server = (sendsIssuer: boolean) => ({ issuer, sendsIssuer }) as AuthorizationServer
const answer = (query: string, sendsIssuer: boolean) =>
  checkCallback(new URLSearchParams(query), { server: server(sendsIssuer), state: 'st' })
const iss = (text: string) => `&iss=${encodeURIComponent(text)}`

test.each([
  ['announced and right', iss(issuer), true, 'code'],
  ['announced and absent', '', true, 'invalid'],
  ['announced and wrong', iss('https://evil.example'), true, 'invalid'],
  ['not announced and right', iss(issuer), false, 'code'],
  ['not announced and wrong', iss('https://evil.example'), false, 'invalid'],
  ['not announced and absent', '', false, 'code'],
  ['with a slash more', iss(`${issuer}/`), true, 'invalid'],
  ['in upper case', iss('https://AS.example'), true, 'invalid'],
  ['with its default port', iss('https://as.example:443'), true, 'invalid'],
])('CL6: the issuer of an answer: %s', (_, query, sendsIssuer, kind) => {
  expect(answer(`code=c&state=st${query}`, sendsIssuer).kind).toBe(kind)
})

test('CL6: an error of another issuer is neither acted on nor shown', () => {
  const wrong = answer(
    `error=access_denied&error_description=call+me&state=st${iss('https://evil.example')}`,
    true,
  )
  expect(wrong.kind).toBe('invalid')
  expect(JSON.stringify(wrong)).not.toMatch(/access_denied|call me/)
  expect(answer(`error=access_denied&state=st${iss(issuer)}`, true)).toEqual({
    kind: 'refused',
    error: 'access_denied',
  })
})

test.each([
  ['another state', 'code=c&state=other'],
  ['no state', 'code=c'],
  ['two codes', 'code=c&code=d&state=st'],
  ['two states', 'code=c&state=st&state=st'],
  ['no code', 'state=st'],
  ['an empty code', 'code=&state=st'],
])('CL7: an answer with %s is not one', (_, query) => {
  expect(answer(query, false).kind).toBe('invalid')
})
