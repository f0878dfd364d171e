import { createHmac, sign, generateKeyPairSync } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorize, getTokens, insecure, openApp, postForm, redeem, type TestApp } from './oauth-app.ts'
import type { PageVisitor } from './page-visitor.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const YAML = `
apps:
  other-app:
    redirectUris: [http://127.0.0.1/callback]
`
let hub: TestHub
let app: TestApp
let ada: SignedIn
let visitor: PageVisitor

beforeAll(async () => {
  hub = await startTestHub(YAML)
  ada = await signUpAdministrator(hub)
  visitor = ada.visitor
  app = await openApp(hub.url)
})
afterAll(() => hub[Symbol.asyncDispose]())

const token = () => `${hub.url}/oauth/token`
const refreshForm = (refresh_token: string) => ({
  grant_type: 'refresh_token',
  client_id: 'parley-cli',
  refresh_token,
})
const refresh = (refreshToken: string) => postForm(token(), refreshForm(refreshToken))
const isActive = async (text: string) => {
  const { body } = await postForm(`${hub.url}/oauth/introspect`, { client_id: 'parley-cli', token: text })
  return body.active as boolean
}

test('AS12, RFC 9068: an access token is an at+jwt for ten minutes with who, for what, under which grant, and how sure', async () => {
  const tokens = await getTokens(app, visitor)
  expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
  const { payload } = await jwtVerify(tokens.access_token, createRemoteJWKSet(new URL(app.as.jwks_uri!)), {
    issuer: hub.url,
    audience: `${hub.url}/mcp`,
    typ: 'at+jwt',
    algorithms: ['ES256'],
  })
  expect(payload).toMatchObject({
    sub: ada.person,
    client_id: 'parley-cli',
    scope: 'mcp',
    acr: 'urn:parley:2fa',
  })
  expect(payload['amr']).toContain('otp')
  expect(payload['gid']).toMatch(/^gra_/)
  expect(payload['sid']).toMatch(/^ses_/)
  expect(payload.exp! - payload.iat!).toBe(600)
  expect(Math.abs((payload['auth_time'] as number) - Date.now() / 1000)).toBeLessThan(300)
  expect(Object.keys(payload)).not.toContain('email')
})

test('OpenID Connect: an ID token tells the app who it is, and is no access token', async () => {
  const { callback, verifier } = await authorize(app, visitor, {
    scope: 'openid profile email',
    nonce: 'nonce-of-the-app',
  })
  const parameters = oauth.validateAuthResponse(app.as, app.client, callback, 'state-of-the-app')
  const response = await oauth.authorizationCodeGrantRequest(
    app.as,
    app.client,
    oauth.None(),
    parameters,
    app.redirectUri,
    verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(app.as, app.client, response, {
    expectedNonce: 'nonce-of-the-app',
    requireIdToken: true,
  })
  const claims = oauth.getValidatedIdTokenClaims(tokens)!
  expect(claims).toMatchObject({ sub: ada.person, aud: 'parley-cli', email: 'ada@example.com', name: 'ada' })
  expect(hub.hub.identity.verifyToken(tokens.id_token!)).toBeUndefined()
  expect(await isActive(tokens.id_token!)).toBe(false)
})

test('A4: of fifty redemptions at once one succeeds, and what it got is taken back', async () => {
  const { callback, verifier } = await authorize(app, visitor)
  const form = {
    grant_type: 'authorization_code',
    client_id: 'parley-cli',
    code: callback.searchParams.get('code')!,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  }
  const answers = await Promise.all(Array.from({ length: 50 }, () => postForm(token(), form)))
  const good = answers.filter(({ status }) => status === 200)
  expect(good).toHaveLength(1)
  for (const { status, body } of answers) if (status !== 200) expect(body.error).toBe('invalid_grant')
  for (const { body } of good) {
    expect(await isActive(body.access_token)).toBe(false)
    expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant')
  }
  const again = await getTokens(app, visitor)
  expect(await isActive(again.access_token)).toBe(true)
})

test('A4: a code that is used a second time later ends the tokens it brought', async () => {
  const authorized = await authorize(app, visitor)
  const tokens = await redeem(app, authorized)
  expect(await isActive(tokens.access_token)).toBe(true)
  await expect(redeem(app, authorized)).rejects.toMatchObject({ error: 'invalid_grant' })
  expect(await isActive(tokens.access_token)).toBe(false)
  expect((await refresh(tokens.refresh_token!)).body.error).toBe('invalid_grant')
})

test('A4: a code belongs to one client and one redirect URI', async () => {
  const { callback, verifier } = await authorize(app, visitor)
  const form = {
    grant_type: 'authorization_code',
    client_id: 'parley-cli',
    code: callback.searchParams.get('code')!,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  }
  const other = await postForm(token(), { ...form, client_id: 'other-app' })
  expect(other.body.error).toBe('invalid_grant')
  const elsewhere = await postForm(token(), { ...form, redirect_uri: 'http://127.0.0.1:43124/callback' })
  expect(elsewhere.body.error).toBe('invalid_grant')
  expect((await postForm(token(), form)).status).toBe(200)
})

test('AS13, AS14, A5: a refresh token is exchanged for a successor, and an old one ends the family', async () => {
  const first = await getTokens(app, visitor)
  const second = await refresh(first.refresh_token!)
  expect(second.status).toBe(200)
  expect(second.body.refresh_token).not.toBe(first.refresh_token)
  const third = await refresh(second.body.refresh_token)
  expect(third.status).toBe(200)
  // The first token's successor is spent: this is no retry.
  const reused = await refresh(first.refresh_token!)
  expect(reused.body.error).toBe('invalid_grant')
  expect((await refresh(third.body.refresh_token)).body.error).toBe('invalid_grant')
  for (const { access_token } of [second.body, third.body]) expect(await isActive(access_token)).toBe(false)
})

test('A5: one family ends, another installation of the same app with the same grant goes on', async () => {
  const laptop = await getTokens(app, visitor)
  const phone = await getTokens(app, visitor)
  expect(decodeJwt(laptop.access_token)['gid']).toBe(decodeJwt(phone.access_token)['gid'])
  const next = await refresh(laptop.refresh_token!)
  await refresh(next.body.refresh_token)
  await refresh(laptop.refresh_token!)
  expect(await isActive(next.body.access_token)).toBe(false)
  expect(await isActive(phone.access_token)).toBe(true)
  expect((await refresh(phone.refresh_token!)).status).toBe(200)
})

test('R4: fifty refreshes at once have one lineage, each with the same successor', async () => {
  const { refresh_token } = await getTokens(app, visitor)
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refresh_token!)))
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
  const next = await refresh(answers[0]!.body.refresh_token)
  expect(next.status).toBe(200)
})

test('A14: a refresh narrows but never widens, and a refused one does not spend the token', async () => {
  const { refresh_token } = await getTokens(app, visitor)
  const wider = await postForm(token(), { ...refreshForm(refresh_token!), scope: 'mcp hub:manage' })
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
  const elsewhere = await postForm(token(), {
    ...refreshForm(refresh_token!),
    resource: `${hub.url}/api`,
  })
  expect([elsewhere.status, elsewhere.body.error]).toEqual([400, 'invalid_target'])
  const foreign = await postForm(token(), { ...refreshForm(refresh_token!), client_id: 'other-app' })
  expect([foreign.status, foreign.body.error]).toEqual([400, 'invalid_grant'])
  expect((await refresh(refresh_token!)).status).toBe(200)
})

test('A18: introspection of what is not active, or not the asker’s, says exactly that and nothing else', async () => {
  const tokens = await getTokens(app, visitor)
  const ask = async (form: Record<string, string>) =>
    JSON.stringify((await postForm(`${hub.url}/oauth/introspect`, form)).body)
  for (const one of [
    tokens.access_token.slice(0, -4) + 'AAAA',
    'nonsense',
    'a.b.c',
    'presented',
    tokens.access_token.replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url')),
  ])
    expect(await ask({ client_id: 'parley-cli', token: one })).toBe('{"active":false}')
  for (const one of [tokens.access_token, tokens.refresh_token!])
    expect(await ask({ client_id: 'other-app', token: one })).toBe('{"active":false}')
  const own = await postForm(`${hub.url}/oauth/introspect`, {
    client_id: 'parley-cli',
    token: tokens.access_token,
  })
  expect(own.body).toMatchObject({
    active: true,
    sub: ada.person,
    client_id: 'parley-cli',
    scope: 'mcp',
    aud: `${hub.url}/mcp`,
    iss: hub.url,
    token_type: 'Bearer',
  })
  const nobody = await postForm(`${hub.url}/oauth/introspect`, { token: tokens.access_token })
  expect(nobody.status).toBe(400)
})

test('A18: an access token that is given back is dead, its refresh token is not; doing it twice is no error', async () => {
  const tokens = await getTokens(app, visitor)
  for (const client_id of ['other-app', 'parley-cli', 'parley-cli']) {
    const answer = await postForm(`${hub.url}/oauth/revoke`, { client_id, token: tokens.access_token })
    expect([client_id, answer.status]).toEqual([client_id, 200])
    expect(await isActive(tokens.access_token)).toBe(client_id === 'other-app')
  }
  expect(hub.hub.identity.verifyToken(tokens.access_token)).toBeUndefined()
  expect((await refresh(tokens.refresh_token!)).status).toBe(200)
})

test('A18: a refresh token that is given back takes the access tokens of its family with it', async () => {
  const first = await getTokens(app, visitor)
  const next = await refresh(first.refresh_token!)
  const revoke = (client_id: string) =>
    postForm(`${hub.url}/oauth/revoke`, { client_id, token: next.body.refresh_token })
  await revoke('other-app')
  expect(await isActive(next.body.refresh_token)).toBe(true)
  await revoke('parley-cli')
  for (const one of [first.access_token, next.body.access_token, next.body.refresh_token])
    expect(await isActive(one)).toBe(false)
  expect((await refresh(next.body.refresh_token)).body.error).toBe('invalid_grant')
})

test('G7: a grant, a session or a person that ends takes the tokens with it, and refreshes end', async () => {
  const grace = await signUp(hub, 'grace@example.com')
  const tokens = await getTokens(app, grace.visitor)
  await hub.hub.grants.revoke(decodeJwt(tokens.access_token)['gid'] as never, 'test')
  expect(hub.hub.identity.verifyToken(tokens.access_token)).toBeUndefined()
  expect((await refresh(tokens.refresh_token!)).body.error).toBe('invalid_grant')
  const more = await getTokens(app, grace.visitor)
  await hub.hub.people.management.suspend(grace.person, { subject: 'test', chain: [] })
  expect(hub.hub.identity.verifyToken(more.access_token)).toBeUndefined()
  expect((await refresh(more.refresh_token!)).body.error).toBe('invalid_grant')
})

test('A13: tokens with another signer, algorithm, type, issuer or extension are nobody’s', async () => {
  const { access_token } = await getTokens(app, visitor)
  const [head, body, signature] = access_token.split('.') as [string, string, string]
  const header = decodeProtectedHeader(access_token)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const signed = (fields: object, payload = body) => {
    const input = `${encode({ ...header, ...fields })}.${payload}`
    const bytes = sign('sha256', Buffer.from(input), { key: foreign, dsaEncoding: 'ieee-p1363' })
    return `${input}.${bytes.toString('base64url')}`
  }
  const jwks = await (await fetch(app.as.jwks_uri!)).text()
  const hmacInput = `${encode({ ...header, alg: 'HS256' })}.${body}`
  const forged = [
    `${encode({ ...header, alg: 'none' })}.${body}.`,
    `${hmacInput}.${createHmac('sha256', jwks).update(hmacInput).digest('base64url')}`,
    signed({}),
    signed({ kid: 'unknown' }),
    signed({ jwk: foreign.export({ format: 'jwk' }) }),
    `${encode({ ...header, crit: ['x'], x: 1 })}.${body}.${signature}`,
    hub.hub.identity.mintToken({ ...decodeJwt(access_token) }, 'JWT'),
    hub.hub.identity.mintToken({ ...decodeJwt(access_token), iss: 'https://evil.example' }),
    hub.hub.identity.mintToken({ ...decodeJwt(access_token), aud: ['a', 'b'] }),
    hub.hub.identity.mintToken({ ...decodeJwt(access_token), exp: 1 }),
    `${head}.${body}`,
  ]
  for (const one of forged) expect([one, hub.hub.identity.verifyToken(one)]).toEqual([one, undefined])
  expect(hub.hub.identity.verifyToken(access_token)).toBeDefined()
})

test('R35, S2: nothing that is issued stands in the database or in a log', async () => {
  const { callback, verifier } = await authorize(app, visitor)
  const tokens = await redeem(app, { callback, verifier })
  const { createHash } = await import('node:crypto')
  const { readFileSync, readdirSync } = await import('node:fs')
  const { join } = await import('node:path')
  const files = readdirSync(hub.dataDir).filter((name) => name.startsWith('parley.db'))
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(hub.dataDir, name))))
  for (const secret of [callback.searchParams.get('code')!, tokens.access_token, tokens.refresh_token!]) {
    expect(bytes.includes(secret)).toBe(false)
    expect(hub.logs.join('\n')).not.toContain(secret)
  }
  expect(bytes.includes(createHash('sha256').update(tokens.refresh_token!).digest())).toBe(true)
})
