import { generateKeyPairSync, randomUUID, type webcrypto } from 'node:crypto'
import type { AgentId, GrantId, GrantTerms } from '@parley/contract'
import { SignJWT, importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { startClientHub } from './start-client-hub.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const BY = 'key_admin'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

let hub: Awaited<ReturnType<typeof startClientHub>>
let as: oauth.AuthorizationServer

beforeAll(async () => {
  hub = await startClientHub()
  as = hub.as
  return () => hub[Symbol.asyncDispose]()
})

const mcp = () => `${hub.url}/mcp`
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())

function termsOf(terms: Partial<GrantTerms> = {}): GrantTerms {
  return {
    audiences: { [mcp()]: ['mcp'] },
    capabilities: [{ capability: 'tool:files/*' }],
    limits: {},
    expiresAt: null,
    ...terms,
  }
}

async function newAgent(terms?: Partial<GrantTerms>, proof: 'new-key' | 'secret' = 'secret') {
  const name = `agent-${randomUUID().slice(0, 8).replace(/[01]/g, 'a')}`.replace(/-(\d)/, '-a$1')
  const { agent, shownOnce } = await hub.clients.agents.create(
    { name, owner: null, proof: { kind: proof } },
    BY,
  )
  const holder = { kind: 'agent', id: agent.id } as const
  const entitlement =
    terms &&
    (await hub.grants.create(
      { kind: 'entitlement', holder, person: null, parent: null, terms: termsOf(terms) },
      BY,
    ))
  const secret = shownOnce.kind === 'secret' ? shownOnce.secret : ''
  const privateKey = shownOnce.kind === 'private-key' ? shownOnce.privateKey : undefined
  return { id: agent.id, name, secret, privateKey, entitlement: entitlement?.id }
}

type TestAgent = Awaited<ReturnType<typeof newAgent>>

/** A token request as it stands on the wire. */
async function ask(agent: TestAgent, parameters: Record<string, string>, headers?: Record<string, string>) {
  const basic = Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')
  const response = await fetch(as.token_endpoint!, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, ...headers },
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}

const forItself = (agent: TestAgent, more: Record<string, string> = {}) =>
  ask(agent, { grant_type: 'client_credentials', ...more })

describe('X1: client_credentials of agents', () => {
  test('the metadata names the grant, both ways of proof and their algorithms', () => {
    expect(as.grant_types_supported).toEqual(expect.arrayContaining(['client_credentials', EXCHANGE]))
    expect(as.token_endpoint_auth_methods_supported).toEqual(
      expect.arrayContaining(['private_key_jwt', 'client_secret_basic', 'client_secret_post']),
    )
    expect(as.token_endpoint_auth_signing_alg_values_supported).toEqual(expect.arrayContaining(['ES256']))
  })

  test.each([
    ['client_secret_basic', oauth.ClientSecretBasic],
    ['client_secret_post', oauth.ClientSecretPost],
  ])('%s', async (_, prove) => {
    const agent = await newAgent({})
    const client = { client_id: agent.id }
    const response = await oauth.clientCredentialsGrantRequest(as, client, prove(agent.secret), {}, insecure)
    const answer = await oauth.processClientCredentialsResponse(as, client, response)
    expect(hub.identity.verifyToken(answer.access_token)).toMatchObject({
      sub: agent.id,
      client_id: agent.id,
      aud: mcp(),
      scope: 'mcp',
      gid: agent.entitlement,
      acr: 'urn:parley:workload',
    })
    expect(answer.expires_in).toBe(600)
    expect(answer).not.toHaveProperty('refresh_token')
  })

  test('private_key_jwt', async () => {
    const agent = await newAgent({}, 'new-key')
    const client = { client_id: agent.id }
    const key = await importJWK({ ...agent.privateKey! }, 'ES256')
    const proof = oauth.PrivateKeyJwt({ key: key as webcrypto.CryptoKey, kid: agent.privateKey!['kid']! })
    const response = await oauth.clientCredentialsGrantRequest(as, client, proof, {}, insecure)
    const answer = await oauth.processClientCredentialsResponse(as, client, response)
    expect(claimsOf(answer.access_token).sub).toBe(agent.id)
  })

  test('A14: scopes are those of the entitlement, or fewer', async () => {
    const agent = await newAgent({ audiences: { [mcp()]: ['tool:files/read_text_file'] } })
    expect((await forItself(agent)).body.scope).toBe('tool:files/read_text_file')
    for (const scope of [
      'mcp',
      'tool:files/write_file',
      'tool:files/read_text_file mcp',
      'hub:manage',
      'openid',
    ])
      expect((await forItself(agent, { scope })).body.error).toBe('invalid_scope')
    const wide = await newAgent({})
    const narrow = await forItself(wide, { scope: 'tool:files/read_text_file' })
    expect(claimsOf(narrow.body.access_token).scope).toBe('tool:files/read_text_file')
  })

  test('A13: one audience, which the entitlement names', async () => {
    const agent = await newAgent({ audiences: { [`${hub.url}/mcp/servers/files`]: ['mcp'] } })
    const there = await forItself(agent, { resource: `${hub.url}/mcp/servers/files/` })
    expect(claimsOf(there.body.access_token).aud).toBe(`${hub.url}/mcp/servers/files`)
    for (const resource of [mcp(), 'https://notes.example/mcp', 'https://evil.test/', 'nonsense'])
      expect((await forItself(agent, { resource })).body.error).toBe('invalid_target')
  })

  test('without an entitlement there is no token', async () => {
    const agent = await newAgent()
    expect(await forItself(agent)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    const expired = await newAgent({ expiresAt: Date.now() + 300 })
    expect((await forItself(expired)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect((await forItself(expired)).body.error).toBe('unauthorized_client')
  })

  test('A15: the answer is kept nowhere', async () => {
    const { headers } = await forItself(await newAgent({}))
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('S9: who got a token is recorded', async () => {
    const agent = await newAgent({})
    await forItself(agent)
    await expect
      .poll(() => hub.records())
      .toContainEqual(
        expect.objectContaining({ action: 'token.issue', subject: agent.id, grant: agent.entitlement }),
      )
    expect(hub.clients.agent(agent.id)!.lastUsedAt).not.toBeNull()
  })
})

describe('A17: an agent proves itself as it is registered', () => {
  test.each([
    ['a wrong secret', (agent: TestAgent) => ({ ...agent, secret: `${agent.secret}x` })],
    ['no secret', (agent: TestAgent) => ({ ...agent, secret: '' })],
    [
      'the hash of the secret',
      (agent: TestAgent) => ({ ...agent, secret: Buffer.from(agent.secret).toString('hex') }),
    ],
    ['another agent', (agent: TestAgent) => ({ ...agent, id: 'agt_00000000000000000000000000' as AgentId })],
  ])('%s', async (_, change) => {
    const { status, body } = await forItself(change(await newAgent({})))
    expect([400, 401]).toContain(status)
    expect(body).not.toHaveProperty('access_token')
  })

  test('its name alone is no proof', async () => {
    const agent = await newAgent({})
    const response = await fetch(as.token_endpoint!, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: agent.id }),
    })
    expect(response.status).toBe(401)
  })

  async function assertion(
    agent: TestAgent,
    claims: Record<string, unknown> = {},
    key?: webcrypto.CryptoKey,
  ) {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: agent.id,
      sub: agent.id,
      aud: hub.url,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key ?? ((await importJWK({ ...agent.privateKey! }, 'ES256')) as webcrypto.CryptoKey))
  }

  const prove = async (jwt: string) => {
    const response = await fetch(as.token_endpoint!, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion: jwt,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    })
    return { status: response.status, body: (await response.json()) as any }
  }

  test('the issuer and the token endpoint are audiences', async () => {
    const agent = await newAgent({}, 'new-key')
    for (const aud of [hub.url, as.token_endpoint]) {
      expect((await prove(await assertion(agent, { aud }))).status).toBe(200)
    }
  })

  const now = () => Math.floor(Date.now() / 1000)
  test.each([
    ['two audiences', () => ({ aud: [hub.url, 'https://evil.test'] })],
    ['another audience', () => ({ aud: 'https://evil.test' })],
    ['no end', () => ({ exp: undefined })],
    ['an end too far away', () => ({ exp: now() + 3600 })],
    ['past its end', () => ({ exp: now() - 120 })],
    ['no jti', () => ({ jti: undefined })],
    ['another issuer', () => ({ iss: 'https://evil.test' })],
  ])('%s → 401', async (_, claims) => {
    const agent = await newAgent({}, 'new-key')
    expect(await prove(await assertion(agent, claims()))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
  })

  test('another key, and a secret in place of the key → 401', async () => {
    const agent = await newAgent({}, 'new-key')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect((await prove(await assertion(agent, {}, privateKey as never))).status).toBe(401)
    expect((await forItself({ ...agent, secret: 'anything' })).status).toBe(401)
  })

  test('an assertion counts once, fifty at the same moment included', async () => {
    const agent = await newAgent({}, 'new-key')
    const jwt = await assertion(agent)
    const answers = await Promise.all(Array.from({ length: 50 }, () => prove(jwt)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => status < 500)).toBe(true)
    expect((await prove(jwt)).status).toBe(401)
  })

  test('a rotated key is no proof after its grace', async () => {
    const agent = await newAgent({}, 'new-key')
    const fresh = await hub.clients.agents.rotate(agent.id, { proof: { kind: 'new-key' }, graceMs: 0 }, BY)
    expect((await prove(await assertion(agent))).status).toBe(401)
    const privateKey = fresh.kind === 'private-key' ? fresh.privateKey : undefined
    expect((await prove(await assertion({ ...agent, privateKey }))).status).toBe(200)
  })
})

describe('G7: an agent that may not act', () => {
  test('suspended: no token, and the old one is dead; resumed: a token again', async () => {
    const agent = await newAgent({})
    const { body } = await forItself(agent)
    await hub.clients.agents.suspend(agent.id, BY)
    expect(hub.identity.verifyToken(body.access_token)).toBeUndefined()
    expect(await forItself(agent)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    await hub.clients.agents.resume(agent.id, BY)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const again = await forItself(agent)
    expect(hub.identity.verifyToken(again.body.access_token)).toBeDefined()
    expect(hub.identity.verifyToken(body.access_token)).toBeUndefined()
  })

  test('retired: neither it nor its grants', async () => {
    const agent = await newAgent({})
    const { body } = await forItself(agent)
    await hub.clients.agents.retire(agent.id, BY)
    expect(hub.identity.verifyToken(body.access_token)).toBeUndefined()
    expect((await forItself(agent)).body.error).toBe('invalid_client')
    expect(hub.grants.find(agent.entitlement as GrantId)!.state).toBe('revoked')
  })
})
