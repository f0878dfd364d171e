import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../lib/json-rpc.ts'
import { chooseCredentials, headersOfSecret } from './credentials.ts'
import { readRequirements } from './security-schemes.ts'

const KEY = { apiKeySecurityScheme: { location: 'header', name: 'X-Api-Key' } }
const COOKIE = { apiKeySecurityScheme: { location: 'cookie', name: 'sid' } }
const BEARER = { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } }
const BASIC = { httpAuthSecurityScheme: { scheme: 'basic' } }
const OPENID = {
  openIdConnectSecurityScheme: { openIdConnectUrl: 'https://id.example/.well-known/openid-configuration' },
}
const CODE = {
  authorizationUrl: 'https://as.example/a',
  tokenUrl: 'https://as.example/t',
  scopes: { read: 'Read' },
}
const OAUTH = { oauth2SecurityScheme: { flows: { authorizationCode: CODE } } }
const MTLS = { mtlsSecurityScheme: {} }
const QUERY = { apiKeySecurityScheme: { location: 'query', name: 'key' } }

/** A card with these schemes that wants any of the named sets. */
function card(securitySchemes: Record<string, JsonObject>, ...ways: string[][]) {
  return {
    securitySchemes,
    securityRequirements: ways.map((names) => ({
      schemes: Object.fromEntries(names.map((name) => [name, { list: ['read'] }])),
    })),
  }
}

const schemeOf = (scheme: JsonObject) => readRequirements(card({ s: scheme }, ['s']))[0]![0]!.scheme

describe('§4.5: what a card asks for', () => {
  it.each([
    [KEY, { 'x-api-key': 'k' }, { authorization: 'Bearer t' }],
    [COOKIE, { cookie: 'a=b; sid=k' }, { cookie: 'xsid=k' }],
    [BEARER, { authorization: 'Bearer t' }, { authorization: 'Basic dTpw' }],
    [BASIC, { authorization: 'Basic dTpw' }, { authorization: 'Bearer t' }],
    [OAUTH, { authorization: 'Bearer t' }, { 'x-api-key': 'k' }],
    [OPENID, { authorization: 'Bearer t' }, {}],
  ])('%j is met by the right credential, and by no other', (scheme, right, wrong) => {
    expect(chooseCredentials(card({ s: scheme }, ['s']), { headers: right })).toEqual({
      kind: 'send',
      headers: right,
    })
    expect(chooseCredentials(card({ s: scheme }, ['s']), { headers: wrong })).toMatchObject({
      kind: 'needs',
      scheme: schemeOf(scheme),
      why: expect.stringMatching(/^The agent asks for "s": [a-z]/),
    })
  })

  it('a hop token is a bearer token, where the agent trusts the hub', () => {
    for (const scheme of [BEARER, OAUTH, OPENID])
      expect(chooseCredentials(card({ s: scheme }, ['s']), { hopToken: 'hop' })).toEqual({
        kind: 'send',
        headers: { authorization: 'Bearer hop' },
      })
    for (const scheme of [KEY, BASIC, COOKIE])
      expect(chooseCredentials(card({ s: scheme }, ['s']), { hopToken: 'hop' }).kind).toBe('needs')
  })

  it('what was typed for the agent comes before the hop token', () => {
    const held = { hopToken: 'hop', headers: { authorization: 'Bearer own', 'x-tenant': '7' } }
    expect(chooseCredentials(card({ s: BEARER }, ['s']), held)).toEqual({
      kind: 'send',
      headers: held.headers,
    })
  })

  it('any way will do, and all of one way is wanted', () => {
    const both = card({ k: KEY, b: BEARER }, ['k', 'b'])
    expect(chooseCredentials(both, { hopToken: 'hop' })).toMatchObject({
      kind: 'needs',
      scheme: { kind: 'key' },
    })
    expect(chooseCredentials(both, { hopToken: 'hop', headers: { 'x-api-key': 'k' } }).kind).toBe('send')
    const either = card({ m: MTLS, k: KEY }, ['m'], ['k'])
    expect(chooseCredentials(either, { headers: { 'x-api-key': 'k' } }).kind).toBe('send')
    expect(chooseCredentials(either, {})).toMatchObject({ scheme: { kind: 'key' } })
  })

  it('an agent that asks for nothing gets what there is, and so does one whose first way is no credential', () => {
    expect(chooseCredentials({}, {})).toEqual({ kind: 'send', headers: {} })
    expect(chooseCredentials({}, { headers: { 'x-api-key': 'k' } })).toMatchObject({
      headers: { 'x-api-key': 'k' },
    })
    expect(chooseCredentials(card({ k: KEY }, ['k'], []), {})).toEqual({ kind: 'send', headers: {} })
  })

  it.each([
    [MTLS, 'certificate'],
    // Addresses end up in logs.
    [QUERY, 'in the address'],
    [{ apiKeySecurityScheme: { location: 'header', name: 'Content-Length' } }, 'of the hub’s own'],
    [{ apiKeySecurityScheme: { location: 'header', name: 'A2A-Version' } }, 'of the hub’s own'],
    [{ apiKeySecurityScheme: { location: 'header', name: 'x\r\ny' } }, 'no header has'],
    [{ apiKeySecurityScheme: { location: 'cookie', name: 'a;b' } }, 'no cookie has'],
    [{ httpAuthSecurityScheme: { scheme: 'digest' } }, 'does not know'],
    [{ oauth2SecurityScheme: { flows: { implicit: {} } } }, 'not safe'],
    [{ oauth2SecurityScheme: { flows: { password: { tokenUrl: 'https://x' } } } }, 'not safe'],
    [{}, 'does not know'],
  ])('%j is nothing that the hub does', (scheme, why) => {
    const answer = chooseCredentials(card({ s: scheme as JsonObject }, ['s']), {
      hopToken: 'hop',
      headers: { 'content-length': '5', cookie: 'a;b=1' },
    })
    expect(answer).toMatchObject({ kind: 'needs', scheme: undefined, why: expect.stringContaining(why) })
  })

  it('a scheme that the card does not define, or that every object has, is met by nothing', () => {
    for (const name of ['missing', 'constructor', 'toString'])
      expect(chooseCredentials(card({ k: KEY }, [name]), { hopToken: 'hop' }).kind).toBe('needs')
    const own = JSON.parse('{"securityRequirements":[{"schemes":{"__proto__":{}}}],"securitySchemes":{}}')
    expect(chooseCredentials(own, { hopToken: 'hop' }).kind).toBe('needs')
  })
})

describe('a secret in its place', () => {
  it.each([
    [KEY, 'k1', { 'x-api-key': 'k1' }],
    [COOKIE, 'k1', { cookie: 'sid=k1' }],
    [BEARER, 't', { authorization: 'Bearer t' }],
    [BASIC, 'user:pässword', { authorization: `Basic ${Buffer.from('user:pässword').toString('base64')}` }],
    [OAUTH, 't', { authorization: 'Bearer t' }],
  ])('%j', (scheme, secret, headers) => {
    expect(headersOfSecret(schemeOf(scheme), secret)).toEqual(headers)
  })

  it.each([
    [KEY, 'a\r\nb: c'],
    [COOKIE, 'a; other=b'],
    [BEARER, 't\n'],
    [KEY, ''],
    [MTLS, 'x'],
  ])('%j takes no %j', (scheme, secret) => {
    expect(headersOfSecret(schemeOf(scheme), secret)).toBeUndefined()
  })
})
