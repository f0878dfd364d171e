import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, authorize, openApp, postForm, redeem, type TestApp } from './oauth-app.ts'
import type { PageVisitor } from './page-visitor.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const YAML = `
apps:
  web-app:
    redirectUris: [https://app.example/cb, 'https://app.example/other?tenant=1']
  local-app:
    redirectUris: [http://127.0.0.1/callback]
resources:
  notes:
    url: https://notes.example/mcp
    scopes: { 'notes:read': Read your notes, 'notes:write': Change your notes }
`
let hub: TestHub
let app: TestApp
let visitor: PageVisitor

beforeAll(async () => {
  hub = await startTestHub(YAML)
  visitor = (await signUpAdministrator(hub)).visitor
  app = await openApp(hub.url)
})
afterAll(() => hub[Symbol.asyncDispose]())

test('AS2, AS3, AS10, AS17: both discovery documents are equal, name the issuer exactly and say what is offered', async () => {
  const [oauthDocument, oidcDocument] = await Promise.all(
    ['oauth-authorization-server', 'openid-configuration'].map(async (name) => {
      const response = await fetch(`${hub.url}/.well-known/${name}`)
      expect(response.status).toBe(200)
      return response.json() as Promise<Record<string, any>>
    }),
  )
  expect(oauthDocument).toEqual(oidcDocument)
  expect(oauthDocument).toMatchObject({
    issuer: hub.url,
    authorization_endpoint: `${hub.url}/oauth/authorize`,
    token_endpoint: `${hub.url}/oauth/token`,
    jwks_uri: `${hub.url}/oauth/jwks`,
    registration_endpoint: `${hub.url}/oauth/register`,
    introspection_endpoint: `${hub.url}/oauth/introspect`,
    revocation_endpoint: `${hub.url}/oauth/revoke`,
    pushed_authorization_request_endpoint: `${hub.url}/oauth/par`,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    response_types_supported: ['code'],
    authorization_details_types_supported: ['parley_capability'],
  })
  expect(oauthDocument!['scopes_supported']).toContain('offline_access')
  expect(oauthDocument!['grant_types_supported']).not.toContain('implicit')
})

test('AS17: the issuer is the public origin, whatever Host the request names', async () => {
  const { port } = new URL(hub.url)
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`, {
    headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  })
  const document = await response.text()
  expect(document).not.toContain('evil.example')
  expect(document).not.toContain('127.0.0.1')
})

test.each([
  ['a trailing slash', 'https://app.example/cb/'],
  ['another case', 'https://app.example/CB'],
  ['an encoded letter', 'https://app.example/c%62'],
  ['a dot segment', 'https://app.example/x/../cb'],
  ['a query more', 'https://app.example/cb?a=1'],
  ['user information', 'https://app.example@evil.example/cb'],
  ['a longer host', 'https://app.example.evil.example/cb'],
  ['another port', 'https://app.example:8443/cb'],
  ['http for https', 'http://app.example/cb'],
])(
  'A1, AS8, PX4: %s in the redirect URI is an error page and never a redirect',
  async (_name, redirect_uri) => {
    const { url } = await ask(app, { client_id: 'web-app', redirect_uri })
    const response = await fetch(url, { redirect: 'manual' })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    const text = await response.text()
    expect(text).toContain('not registered')
    expect(text).not.toContain('evil.example')
  },
)

test.each([
  'http://localhost.attacker.test/callback',
  'http://127.0.0.1.nip.io/callback',
  'http://127.0.0.1:5000/other',
  'http://[::2]:5000/callback',
  'http://0x7f000001:5000/callback/',
])('A2: %s is not loopback', async (redirect_uri) => {
  const { url } = await ask(app, { client_id: 'local-app', redirect_uri })
  expect((await fetch(url, { redirect: 'manual' })).status).toBe(400)
})

test('A2: any port of the registered loopback address is answered', async () => {
  const { url } = await ask(app, { client_id: 'local-app', redirect_uri: 'http://127.0.0.1:61999/callback' })
  const response = await fetch(url, { redirect: 'manual' })
  expect(response.headers.get('location')).toMatch(/\/interaction\//)
})

test.each([
  ['no challenge', { code_challenge: null, code_challenge_method: null }],
  ['plain', { code_challenge_method: 'plain' }],
  ['a method left out', { code_challenge_method: null }],
  ['an unknown method', { code_challenge_method: 'S512' }],
  ['a challenge that is too short', { code_challenge: 'abc' }],
])('A3: %s is refused, with iss and without a code', async (_name, changes) => {
  const { url } = await ask(app, changes)
  const response = await fetch(url, { redirect: 'manual' })
  const location = new URL(response.headers.get('location')!)
  expect(location.origin).toBe('http://127.0.0.1:43123')
  expect(location.searchParams.get('error')).toBe('invalid_request')
  expect(location.searchParams.get('iss')).toBe(hub.url)
  expect(location.searchParams.get('state')).toBe('state-of-the-app')
  expect(location.searchParams.has('code')).toBe(false)
})

test('A3: a code is not redeemed without its verifier, or with another', async () => {
  const { callback } = await authorize(app, visitor)
  const form = {
    grant_type: 'authorization_code',
    client_id: 'parley-cli',
    code: callback.searchParams.get('code')!,
    redirect_uri: app.redirectUri,
  }
  const without = await postForm(`${hub.url}/oauth/token`, form)
  expect([without.status, without.body.error]).toEqual([400, 'invalid_grant'])
  const wrong = await postForm(`${hub.url}/oauth/token`, { ...form, code_verifier: 'a'.repeat(43) })
  expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_grant'])
})

test('A13: an unknown resource is invalid_target, at authorization and at the token endpoint; the code stays good', async () => {
  const { url } = await ask(app, { resource: `${hub.url}/mcp/servers/nobody` })
  const refused = new URL((await visitor.open(url.href)).url)
  expect(refused.origin).toBe('http://127.0.0.1:43123')
  expect(refused.searchParams.get('error')).toBe('invalid_target')
  expect(refused.searchParams.get('iss')).toBe(hub.url)

  const authorized = await authorize(app, visitor)
  await expect(redeem(app, authorized, { resource: 'https://notes.example/mcp' })).rejects.toMatchObject({
    error: 'invalid_target',
  })
  const tokens = await redeem(app, authorized, { resource: `${hub.url}/mcp` })
  expect(hub.hub.identity.verifyToken(tokens.access_token)!.aud).toBe(`${hub.url}/mcp`)
})

test('RS9: scheme and host in capitals and a trailing slash mean the same resource', async () => {
  const shouted = `${hub.url.replace('http://localhost', 'HTTP://LOCALHOST')}/mcp/`
  const tokens = await redeem(app, await authorize(app, visitor, { resource: shouted }), {
    resource: shouted,
  })
  expect(hub.hub.identity.verifyToken(tokens.access_token)!.aud).toBe(`${hub.url}/mcp`)
})

test('AS11: a server elsewhere gets tokens of its own audience and scopes, in the words of the administrator', async () => {
  const { callback, verifier, page } = await authorize(
    app,
    visitor,
    { resource: 'https://notes.example/mcp', scope: 'notes:read notes:write' },
    { 'scope.notes:write': null },
  )
  expect(page.text).toContain('Read your notes')
  const tokens = await redeem(app, { callback, verifier })
  const claims = hub.hub.identity.verifyToken(tokens.access_token)!
  expect([claims.aud, claims.scope]).toEqual(['https://notes.example/mcp', 'notes:read'])
  expect(hub.hub.grants.find(claims.gid as never)!.terms.audiences).toEqual({
    'https://notes.example/mcp': ['notes:read'],
  })
})

test('AS15: an unknown scope leaves nothing to allow, and is said so', async () => {
  const { url } = await ask(app, { scope: 'everything' })
  const response = await fetch(url, { redirect: 'manual' })
  const location = new URL(response.headers.get('location')!)
  expect(location.searchParams.get('error')).toBe('invalid_scope')
})

test.each([
  ['two content types', 'a=b', { 'content-type': 'application/json, application/x-www-form-urlencoded' }],
  ['JSON', '{"grant_type":"x"}', { 'content-type': 'application/json' }],
  ['no content type', 'a=b', { 'content-type': '' }],
  ['another charset', 'a=b', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' }],
  ['a repeated parameter', 'grant_type=refresh_token&grant_type=refresh_token', {}],
  ['a repeated resource', 'grant_type=refresh_token&resource=a&resource=b', {}],
  ['bytes that are not UTF-8', 'grant_type=%ff%fe', {}],
  ['a broken escape', 'grant_type=%zz', {}],
  ['a NUL', 'grant_type=%00', {}],
  ['nothing', '', {}],
  ['a broken Basic header', 'grant_type=refresh_token', { authorization: 'Basic %%%' }],
  ['a proto', '__proto__=x&constructor=y', {}],
])(
  'A20: %s at any form endpoint is 400 in JSON, never 500, and not to be kept',
  async (_name, body, headers) => {
    for (const path of ['token', 'par', 'introspect', 'revoke']) {
      const answer = await postForm(`${hub.url}/oauth/${path}`, body, headers)
      expect([path, [400, 401].includes(answer.status)]).toEqual([path, true])
      expect(typeof answer.body.error).toBe('string')
      expect(answer.headers.get('cache-control')).toContain('no-store')
    }
    expect(hub.logs).toEqual([])
  },
)

test('A20, D10: a state is kept until someone decides, so it is short', async () => {
  const short = await ask(app, { state: 's'.repeat(4096) })
  expect((await fetch(short.url, { redirect: 'manual' })).status).toBe(303)
  const long = await ask(app, { state: 's'.repeat(4097) })
  const response = await fetch(long.url, { redirect: 'manual' })
  expect(response.status).toBe(400)
  expect(response.headers.get('location')).toBeNull()
})

test('A20: a body that is too large is refused before it is read', async () => {
  const answer = await fetch(`${hub.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `state=${'x'.repeat(1_000_000)}`,
  })
  expect(answer.status).toBe(413)
})

test.each(['%ff', '%zz', 'a=1&a=2', 'state=%00', 'client_id=a&client_id=b', 'x'.repeat(14_000)])(
  'A20: the query %.20s at the authorization endpoint is a 400 page for people',
  async (query) => {
    const answer = await raw(`/oauth/authorize?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('role="alert"')
    expect(answer.headers['referrer-policy']).toBe('no-referrer')
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  },
)

test('A20: other methods and unknown addresses are told what is there', async () => {
  for (const [method, path, status] of [
    ['GET', '/oauth/token', 405],
    ['POST', '/oauth/authorize', 405],
    ['DELETE', '/oauth/jwks', 405],
    ['GET', '/oauth/nothing', 404],
    ['GET', '/.well-known/nothing', 404],
  ] as const) {
    const response = await fetch(hub.url + path, { method, redirect: 'manual' })
    expect([path, response.status]).toEqual([path, status])
  }
})

test('an unknown app is an error page that says what to do, without a redirect', async () => {
  const { url } = await ask(app, { client_id: 'nobody', redirect_uri: 'https://evil.example/cb' })
  const response = await fetch(url, { redirect: 'manual' })
  expect(response.status).toBe(400)
  expect(response.headers.get('location')).toBeNull()
  expect(await response.text()).toContain('Remove the connection in the app')
})

test('A15: a token in the query is not looked at', async () => {
  const response = await fetch(`${hub.url}/api/servers?access_token=x`)
  expect(response.status).toBe(401)
})

test('A21: a page of another origin reads nothing, and its origin is never reflected', async () => {
  for (const path of ['/oauth/authorize', '/oauth/token', '/oauth/introspect', '/oauth/jwks']) {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      const response = await fetch(hub.url + path, { headers: { origin }, redirect: 'manual' })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect([path, origin, response.status]).toEqual([path, origin, 403])
    }
  }
})

test('A21, RS2: what everyone may know any page may read, with a preflight, and no origin is reflected', async () => {
  for (const path of [
    'openid-configuration',
    'oauth-authorization-server',
    'oauth-protected-resource',
    'oauth-protected-resource/mcp',
  ]) {
    const url = `${hub.url}/.well-known/${path}`
    const origin = 'https://inspector.example'
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      },
    })
    const read = await fetch(url, { headers: { origin, 'mcp-protocol-version': '2026-07-28' } })
    expect([path, preflight.status, read.status]).toEqual([path, 204, 200])
    expect(preflight.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
    for (const { headers } of [preflight, read]) {
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
    const posted = await fetch(url, { method: 'POST', headers: { origin } })
    expect(posted.status).toBeGreaterThanOrEqual(400)
  }
})

test('AS9, AS17: behind a proxy that ends TLS every address is https, and cookies are only for it', async () => {
  const probe = await startTestHub()
  const port = Number(new URL(probe.url).port)
  await probe[Symbol.asyncDispose]()
  await using proxied = await startTestHub(
    'listen: { publicUrl: "https://parley.example", trustedProxy: true }',
    { port },
  )
  const headers = { host: 'parley.example', 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http' }
  const discovery = JSON.parse((await raw('/.well-known/openid-configuration', { port, headers })).text)
  expect(discovery.issuer).toBe('https://parley.example')
  for (const [name, value] of Object.entries(discovery))
    if (name.endsWith('_endpoint') || name === 'jwks_uri')
      expect(value).toMatch(/^https:\/\/parley\.example\//)
  const { url } = await ask(app, { redirect_uri: 'http://127.0.0.1:1/callback' })
  const answer = await raw(`/oauth/authorize${url.search}`, { port, headers })
  expect(answer.status).toBe(303)
  expect(answer.headers['location']).toMatch(/^\/interaction\//)
  for (const cookie of answer.headers['set-cookie']) {
    expect(cookie).toMatch(/^__Secure-/)
    expect(cookie).toMatch(/; secure/i)
    expect(cookie).toMatch(/; httponly/i)
  }
  expect(proxied.logs).toEqual([])
})

function raw(
  path: string,
  to: { port?: number; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Record<string, any>; text: string }> {
  return new Promise((resolve, reject) => {
    const { port = new URL(hub.url).port, headers = {} } = to
    const sent = request({ port, host: 'localhost', path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}
