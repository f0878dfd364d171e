import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { expect, test } from 'vitest'
import { ask, getTokens, openApp, postForm } from './oauth-app.ts'
import { decide } from './page-visitor.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const refresh = (hub: TestHub, refresh_token: string) =>
  postForm(`${hub.url}/oauth/token`, { grant_type: 'refresh_token', client_id: 'parley-cli', refresh_token })
const kidsOf = async (hub: TestHub) => {
  const response = await fetch(`${hub.url}/oauth/jwks`)
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
  for (const key of keys)
    expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  return keys.map(({ kid }) => kid)
}

test('R23: three rotations while tokens are made and verified fail nobody; the next key is known before it signs', async () => {
  await using hub = await startTestHub()
  const { identity } = hub.hub
  const { visitor } = await signUpAdministrator(hub)
  const app = await openApp(hub.url)
  let { access_token, refresh_token } = await getTokens(app, visitor)
  const early = access_token
  const keySet = createRemoteJWKSet(new URL(app.as.jwks_uri!), { cooldownDuration: 0 })
  const verify = (token: string) => jwtVerify(token, keySet, { issuer: hub.url, audience: `${hub.url}/mcp` })
  const signers = new Set<unknown>()
  for (let round = 0; round < 3; round++) {
    const [, next] = await kidsOf(hub)
    await identity.keys.rotate('test', { now: true })
    for (let time = 0; time < 10; time++) {
      const { body, status } = await refresh(hub, refresh_token!)
      expect(status).toBe(200)
      ;({ access_token, refresh_token } = body)
      await verify(access_token)
      expect(identity.verifyToken(access_token)).toBeDefined()
    }
    expect(decodeProtectedHeader(access_token).kid).toBe(next)
    signers.add(next)
  }
  expect(signers.size).toBe(3)
  await verify(early)
  expect(identity.verifyToken(early)).toBeDefined()
  expect(hub.logs).toEqual([])
})

test('R23: a rotation waits until others can know the next key, unless it must be now', async () => {
  await using hub = await startTestHub()
  const { keys } = hub.hub.identity
  const before = await kidsOf(hub)
  await expect(keys.rotate('test')).rejects.toMatchObject({ code: 'conflict' })
  expect(await kidsOf(hub)).toEqual(before)
})

test('the private half of a key is sealed on disk, and gone once the key is retired', async () => {
  await using hub = await startTestHub()
  const { keys } = hub.hub.identity
  const d = (keys.current().privateKey.export({ format: 'jwk' }) as { d: string }).d
  await keys.rotate('test', { now: true })
  const bytes = readFileSync(join(hub.dataDir, 'parley.db'))
  expect(bytes.includes(Buffer.from(d, 'base64url'))).toBe(false)
  expect(
    keys
      .list()
      .map(({ state }) => state)
      .toSorted(),
  ).toEqual(['current', 'next', 'retired'])
})

test('A5, R5: tokens, refusals and keys outlive a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-restart-'))
  const port = 30_000 + Math.floor(Math.random() * 20_000)
  const yaml = `listen: { publicUrl: "http://localhost:${port}" }`
  let spent: { first: string; current: string; access: string }
  {
    await using hub = await startTestHub(yaml, { dataDir, port })
    const { visitor } = await signUpAdministrator(hub)
    const app = await openApp(hub.url)
    const first = await getTokens(app, visitor)
    const second = (await refresh(hub, first.refresh_token!)).body
    const third = (await refresh(hub, second.refresh_token)).body
    spent = {
      first: first.refresh_token!,
      current: third.refresh_token,
      access: third.access_token,
    }
  }
  await using hub = await startTestHub(yaml, { dataDir, port })
  expect(hub.hub.identity.verifyToken(spent.access)).toBeDefined()
  const reused = await refresh(hub, spent.first)
  expect(reused.body.error).toBe('invalid_grant')
  expect((await refresh(hub, spent.current)).body.error).toBe('invalid_grant')
  expect(hub.hub.identity.verifyToken(spent.access)).toBeUndefined()
  rmSync(dataDir, { recursive: true })
})

test('parley serve --only identity: tokens for servers elsewhere, by openid-client, and no gateway', async () => {
  await using hub = await startTestHub(`
only: identity
resources:
  notes:
    url: https://notes.example/mcp
    scopes: { 'notes:read': Read your notes }
`)
  const { visitor, person } = await signUpAdministrator(hub)
  const configuration = await client.discovery(new URL(hub.url), 'parley-cli', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
    algorithm: 'oauth2',
  })
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: 'http://127.0.0.1:40111/callback',
    resource: 'https://notes.example/mcp',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  const callback = await decide(visitor, await visitor.open(url.href))
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })
  expect(hub.hub.identity.verifyToken(tokens.access_token)).toMatchObject({
    sub: person,
    aud: 'https://notes.example/mcp',
    scope: 'notes:read',
  })
  const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token!)
  expect(refreshed.scope).toBe('notes:read')
  await client.tokenRevocation(configuration, refreshed.refresh_token!)
  await expect(client.refreshTokenGrant(configuration, refreshed.refresh_token!)).rejects.toThrow()
  expect((await fetch(`${hub.url}/mcp`, { method: 'POST' })).status).toBe(404)
  const { url: refused } = await visitor.open(
    client.buildAuthorizationUrl(configuration, {
      redirect_uri: 'http://127.0.0.1:40111/callback',
      resource: `${hub.url}/mcp`,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).href,
  )
  expect(new URL(refused).searchParams.get('error')).toBe('invalid_target')
})

test('A8, A20: an address that begins authorizations without end is told to wait, in words', async () => {
  await using hub = await startTestHub()
  const app = await openApp(hub.url)
  const { url } = await ask(app)
  const statuses: number[] = []
  for (let round = 0; round < 30 && !statuses.includes(429); round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(url, { redirect: 'manual' })))
    statuses.push(...answers.map(({ status }) => status))
  }
  const refused = await fetch(url, { redirect: 'manual' })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.text()).toContain('Wait a moment')
  expect(statuses.filter((status) => status === 303).length).toBeGreaterThanOrEqual(200)
  // Tokens for those who are in already are made as before.
  expect((await postForm(`${hub.url}/oauth/token`, { grant_type: 'refresh_token' })).status).toBe(400)
})
