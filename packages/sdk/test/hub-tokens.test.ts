import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentCredential } from '../src/agent/agent-credential.ts'
import { HubTokens } from '../src/agent/hub-tokens.ts'

interface Asked {
  readonly headers: Readonly<Record<string, unknown>>
  readonly parameters: URLSearchParams
}

/** An authorization server from outside, as its answers are written down. */
let hub: {
  url: string
  asked: Asked[]
  answer: { status: number; body: unknown; location?: string }
  close(): unknown
}
let nowMs: number
beforeEach(async () => {
  nowMs = Date.now()
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    if (request.url!.startsWith('/.well-known')) {
      const { url } = hub
      return response.end(
        JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, token_endpoint: `${url}/token` }),
      )
    }
    let text = ''
    for await (const chunk of request) text += chunk
    asked.push({ headers: request.headers, parameters: new URLSearchParams(text) })
    const { status, body, location } = hub.answer
    response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) })
    return response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = { status: 200, body: { access_token: 'one', expires_in: 600 } }
  hub = { url, asked, answer, close: () => server.close() }
})
afterEach(() => hub.close())

const SECRET: AgentCredential = { id: 'agt_1', secret: 's:e%c' }
const open = (credential: AgentCredential | undefined = SECRET) =>
  new HubTokens({ hub: hub.url, credential, fetch: globalThis.fetch, now: () => nowMs })

describe('an agent proves itself', () => {
  test('with a key: one audience, a minute, never the same twice', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk: JWK = { ...(await exportJWK(privateKey)), kid: 'k1' }
    const tokens = open({ id: 'agt_1', privateKey: jwk })
    await tokens.get({ grant_type: 'client_credentials', resource: 'a' })
    await tokens.get({ grant_type: 'client_credentials', resource: 'b' })
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] })
    const jtis = await Promise.all(
      hub.asked.map(async ({ parameters, headers }) => {
        expect(headers).not.toHaveProperty('authorization')
        const { payload } = await jwtVerify(parameters.get('client_assertion')!, keys)
        expect(payload).toMatchObject({ iss: 'agt_1', sub: 'agt_1', aud: hub.url })
        expect(payload.exp! - payload.iat!).toBe(60)
        return payload.jti
      }),
    )
    expect(new Set(jtis).size).toBe(2)
    expect(JSON.stringify(hub.asked.map(({ parameters }) => [...parameters]))).not.toContain(jwk.d)
  })

  test('with a secret in the header alone (RFC 6749 §2.3.1)', async () => {
    await open().get({ grant_type: 'client_credentials' })
    const [{ headers, parameters } = { headers: {}, parameters: new URLSearchParams() }] = hub.asked
    const pair = Buffer.from(String(headers['authorization']).slice('Basic '.length), 'base64').toString()
    expect(pair.split(':').map(decodeURIComponent)).toEqual(['agt_1', 's:e%c'])
    expect([...parameters.keys()]).toEqual(['grant_type'])
  })

  test('or not at all', async () => {
    const tokens = new HubTokens({
      hub: hub.url,
      credential: undefined,
      fetch: globalThis.fetch,
      now: Date.now,
    })
    await expect(tokens.get({})).rejects.toThrow('no credential')
    expect(hub.asked).toEqual([])
  })
})

describe('a token is kept', () => {
  test('while it is good, for the same alone, and asked for once at a time', async () => {
    const tokens = open()
    expect(await Promise.all(Array.from({ length: 10 }, () => tokens.get({ resource: 'a' })))).toEqual(
      Array.from({ length: 10 }, () => 'one'),
    )
    expect(hub.asked).toHaveLength(1)
    await tokens.get({ resource: 'b' })
    expect(hub.asked).toHaveLength(2)
    nowMs += 580_000
    await tokens.get({ resource: 'a' })
    expect(hub.asked).toHaveLength(2)
    nowMs += 10_000
    await tokens.get({ resource: 'a' })
    expect(hub.asked).toHaveLength(3)
  })

  test('until the hub takes it no longer', async () => {
    const tokens = open()
    tokens.forget(await tokens.get({ resource: 'a' }))
    hub.answer.body = { access_token: 'two', expires_in: 600 }
    expect(await tokens.get({ resource: 'a' })).toBe('two')
  })

  test('and so are the newest thousand', async () => {
    const tokens = open()
    for (let at = 0; at <= 1000; at++) await tokens.get({ resource: String(at) })
    const before = hub.asked.length
    await tokens.get({ resource: '1000' })
    expect(hub.asked).toHaveLength(before)
    await tokens.get({ resource: '0' })
    expect(hub.asked).toHaveLength(before + 1)
  })
})

describe('what the hub refuses', () => {
  test('is told in its words, and asked again the next time', async () => {
    const tokens = open()
    hub.answer = { status: 400, body: { error: 'invalid_target', error_description: 'unknown resource' } }
    await expect(tokens.get({ resource: 'a' })).rejects.toMatchObject({
      name: 'HubError',
      code: 'invalid_target',
      status: 400,
      message: 'unknown resource',
    })
    hub.answer = { status: 200, body: { access_token: 'late', expires_in: 600 } }
    expect(await tokens.get({ resource: 'a' })).toBe('late')
  })

  test.each([
    ['no token', {}],
    ['a token that is none', { access_token: 7 }],
    ['no JSON', '<html>'],
    ['an array', []],
    ['too much', `{"access_token":"${'x'.repeat(70_000)}"}`],
  ])('or says with %s is no token', async (_what, body) => {
    hub.answer = { status: 200, body }
    await expect(open().get({})).rejects.toThrow()
  })

  test('a redirect is not followed: the proof goes to the hub alone', async () => {
    const seen: string[] = []
    const other = createServer((request, response) => {
      seen.push(request.url!)
      response.end('{"access_token":"stolen","expires_in":600}')
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/token`
    hub.answer = { status: 307, body: '', location }
    await expect(open().get({})).rejects.toThrow()
    expect(hub.asked).toHaveLength(1)
    expect(seen).toEqual([])
    other.close()
  })
})
