import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { chooseAuthMethod, chooseRegistration, type ClientRegistration } from './client-registration.ts'
import { clientDocument } from './client-metadata.ts'
import { exchangeCode } from './exchange-code.ts'
import type { AuthorizationServer } from './find-authorization-server.ts'
import { refreshTokens } from './refresh-tokens.ts'
import { registerClient } from './register-client.ts'
import { authorizationUrl, startAuthorization } from './start-authorization.ts'
import { startPeer, testHttp, type Reply, type Seen } from './test-kit.ts'

const REDIRECT = 'http://localhost:4747/connect/callback'
const RESOURCE = 'https://mcp.example/mcp'

function serverAt(issuer: string, more: Partial<AuthorizationServer> = {}): AuthorizationServer {
  return {
    issuer,
    authorizationEndpoint: `${issuer}/authorize?tenant=1`,
    tokenEndpoint: `${issuer}/token`,
    registrationEndpoint: `${issuer}/register`,
    revocationEndpoint: undefined,
    takesClientDocuments: false,
    sendsIssuer: true,
    authMethods: undefined,
    scopes: undefined,
    ...more,
  }
}

function clientOf(issuer: string, more: Partial<ClientRegistration> = {}): ClientRegistration {
  const own = { issuer, kind: 'registered', clientId: 'hub-1', redirectUri: REDIRECT } as const
  return { ...own, secret: undefined, method: 'none', secretExpiresAt: undefined, ...more }
}

async function exchangeAt(reply: (seen: Seen) => Reply, client: Partial<ClientRegistration> = {}) {
  const peer = await startPeer(reply)
  const http = testHttp(RESOURCE)
  const server = serverAt(peer.origin)
  const asked = { server, client: clientOf(server.issuer, client), resource: RESOURCE, scope: 'a b' }
  const authorization = startAuthorization(asked, systemRandom)
  const outcome = await exchangeCode(http, authorization, { code: 'the-code', now: 1000 }).finally(
    async () => {
      await http[Symbol.asyncDispose]()
      await peer[Symbol.asyncDispose]()
    },
  )
  return { outcome, authorization, form: new URLSearchParams(peer.seen[0]?.body), seen: peer.seen[0]! }
}

const TOKENS = { access_token: 'at', token_type: 'bearer', expires_in: 60 }

test('CL3, CL4, CL7: the address has PKCE with S256, the resource and a state of its own', async () => {
  const server = serverAt('https://as.example')
  const asked = { server, client: clientOf(server.issuer), resource: RESOURCE, scope: 'a offline_access' }
  const [one, other] = [startAuthorization(asked, systemRandom), startAuthorization(asked, systemRandom)]
  const url = new URL(authorizationUrl(one))
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: '1',
    response_type: 'code',
    client_id: 'hub-1',
    redirect_uri: REDIRECT,
    code_challenge: await oauth.calculatePKCECodeChallenge(one.verifier),
    code_challenge_method: 'S256',
    resource: RESOURCE,
    state: one.state,
    scope: 'a offline_access',
    prompt: 'consent',
  })
  expect(url.href).not.toContain(one.verifier)
  expect(one.state).not.toBe(other.state)
  expect(one.verifier).not.toBe(other.verifier)
})

test('CL3, CL4: the code goes with verifier and resource, and brings tokens', async () => {
  const { outcome, authorization, form } = await exchangeAt(() => ({ json: TOKENS }))
  expect(Object.fromEntries(form)).toEqual({
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: REDIRECT,
    code_verifier: authorization.verifier,
    resource: RESOURCE,
    client_id: 'hub-1',
  })
  expect(outcome).toEqual({
    kind: 'tokens',
    tokens: { accessToken: 'at', refreshToken: undefined, expiresAt: 61_000, scope: 'a b' },
  })
})

test.each([
  ['client_secret_basic', 'Basic aHViLTE6cyUyQnMlM0E=', null],
  ['client_secret_post', undefined, 's+s:'],
  ['none', undefined, null],
] as const)('CL9: a client proves itself as it was registered: %s', async (method, header, inBody) => {
  const { form, seen } = await exchangeAt(() => ({ json: TOKENS }), { method, secret: 's+s:' })
  expect(seen.headers['authorization']).toBe(header)
  expect(form.get('client_secret')).toBe(inBody)
})

test.each([
  [
    'a refused code',
    { status: 400, json: { error: 'invalid_grant' } },
    { kind: 'refused', error: 'invalid_grant' },
  ],
  [
    'a lost client',
    { status: 401, json: { error: 'invalid_client' } },
    { kind: 'refused', error: 'invalid_client' },
  ],
])('CL12: what ends an authorization: %s', async (_, reply, expected) => {
  expect((await exchangeAt(() => reply)).outcome).toEqual(expected)
})

test.each([
  ['an outage', { status: 503, json: { error: 'temporarily_unavailable' } }, 'upstream_unavailable'],
  ['too many requests', { status: 429 }, 'upstream_unavailable'],
  ['a redirect', { status: 302, headers: { location: 'https://evil.example/' } }, 'upstream_unavailable'],
  ['no type', { json: { access_token: 'at' } }, 'upstream_invalid'],
  ['another type', { json: { ...TOKENS, token_type: 'mac' } }, 'upstream_invalid'],
  ['a token that no header can carry', { json: { ...TOKENS, access_token: 'a\r\nb' } }, 'upstream_invalid'],
  ['a page', { text: '<html>', headers: { 'content-type': 'text/html' } }, 'upstream_unavailable'],
  [
    'a repeated token',
    {
      text: '{"access_token":"a","access_token":"b","token_type":"bearer"}',
      headers: { 'content-type': 'application/json' },
    },
    'upstream_unavailable',
  ],
])('CL12: %s is no token', async (_, reply, code) => {
  await expect(exchangeAt(() => reply)).rejects.toMatchObject({ code })
})

test('CL4, CL12: a refresh keeps the resource, and what was not given anew', async () => {
  await using peer = await startPeer(() => ({ json: { ...TOKENS, access_token: 'at2' } }))
  await using http = testHttp(RESOURCE)
  const server = serverAt(peer.origin)
  const tokens = { accessToken: 'at', refreshToken: 'rt', expiresAt: 1, scope: 'a' }
  const outcome = await refreshTokens(
    { http, server, client: clientOf(server.issuer), now: 1000 },
    { tokens, resource: RESOURCE },
  )
  expect(outcome).toEqual({
    kind: 'tokens',
    tokens: { accessToken: 'at2', refreshToken: 'rt', expiresAt: 61_000, scope: 'a' },
  })
  expect(Object.fromEntries(new URLSearchParams(peer.seen[0]!.body))).toMatchObject({
    grant_type: 'refresh_token',
    refresh_token: 'rt',
    resource: RESOURCE,
  })
})

test('CL9: the credentials of one authorization server never go to another', async () => {
  await using peer = await startPeer(() => ({ json: TOKENS }))
  await using http = testHttp(RESOURCE)
  const server = serverAt(peer.origin)
  const client = clientOf('https://other.example', { method: 'client_secret_post', secret: 'leak' })
  const tokens = { accessToken: 'at', refreshToken: 'rt', expiresAt: 1, scope: 'a' }
  await expect(
    refreshTokens({ http, server, client, now: 0 }, { tokens, resource: RESOURCE }),
  ).rejects.toThrow()
  expect(() =>
    startAuthorization({ server, client, resource: RESOURCE, scope: undefined }, systemRandom),
  ).toThrow()
  expect(peer.seen).toEqual([])
})

const sources = (more: Partial<AuthorizationServer> = {}) => ({
  server: serverAt('https://as.example', more),
  documentUrl: 'https://hub.example/oauth/client' as string | undefined,
  redirectUri: REDIRECT,
  now: 1000,
})
const given = clientOf('https://as.example', { kind: 'given', clientId: 'given-1' })
const registered = clientOf('https://as.example', { clientId: 'dcr-1' })

test.each([
  ['given first', sources({ takesClientDocuments: true }), [registered, given], 'given-1'],
  [
    'then our document',
    sources({ takesClientDocuments: true }),
    [registered],
    'https://hub.example/oauth/client',
  ],
  ['then what was registered', sources(), [registered], 'dcr-1'],
  [
    'no document without https',
    { ...sources({ takesClientDocuments: true }), documentUrl: undefined },
    [registered],
    'dcr-1',
  ],
  ['else a registration', sources(), [], 'register'],
  ['else an administrator', sources({ registrationEndpoint: undefined }), [], 'ask'],
  ['never one of another issuer', sources(), [clientOf('https://old.example')], 'register'],
  [
    'never silently for another issuer',
    sources(),
    [clientOf('https://old.example', { kind: 'given' })],
    'ask',
  ],
  [
    'not with an expired secret',
    sources(),
    [{ ...registered, secret: 's', secretExpiresAt: 1000 }],
    'register',
  ],
  [
    'not with another redirect',
    sources(),
    [{ ...registered, redirectUri: 'https://old.example/cb' }],
    'register',
  ],
])('CL8, CL9: the registration is %s', (_, from, known, expected) => {
  const choice = chooseRegistration({ ...from, known })
  expect(choice.kind === 'use' ? choice.client.clientId : choice.kind).toBe(expected)
})

test('CL10: a registration says what kind of app it is, and tries the other kind once', async () => {
  await using peer = await startPeer(({ body }) =>
    (JSON.parse(body) as { application_type: string }).application_type === 'native'
      ? { status: 400, json: { error: 'invalid_redirect_uri' } }
      : { status: 201, json: { client_id: 'c', client_secret: 's', client_secret_expires_at: 0 } },
  )
  await using http = testHttp(RESOURCE)
  const client = await registerClient(http, serverAt(peer.origin), REDIRECT)
  expect(client).toMatchObject({
    kind: 'registered',
    clientId: 'c',
    secret: 's',
    method: 'client_secret_basic',
  })
  expect(peer.seen.map(({ body }) => JSON.parse(body))).toMatchObject([
    {
      application_type: 'native',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    { application_type: 'web' },
  ])
})

test('CL10: a refused registration says what an administrator can do', async () => {
  await using peer = await startPeer(() => ({ status: 403, json: { error: 'access_denied' } }))
  await using http = testHttp(RESOURCE)
  await expect(registerClient(http, serverAt(peer.origin), REDIRECT)).rejects.toThrow(/by hand/)
  expect(peer.seen).toHaveLength(1)
})

test('CL13: the document has its own address as client_id', () => {
  const document = clientDocument('https://hub.example/oauth/client', 'https://hub.example/connect/callback')
  expect(document).toMatchObject({
    client_id: 'https://hub.example/oauth/client',
    client_name: 'Parley',
    redirect_uris: ['https://hub.example/connect/callback'],
    token_endpoint_auth_method: 'none',
  })
  expect(document).not.toHaveProperty('client_secret')
  expect(chooseAuthMethod({ authMethods: ['client_secret_post'] }, true)).toBe('client_secret_post')
})
