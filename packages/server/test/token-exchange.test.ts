import { randomUUID } from 'node:crypto'
import type { AgentId, Grant, GrantId, GrantTerms } from '@parley/contract'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { findExcess } from '../src/grants/index.ts'
import { getPersonTokens } from './app-flow.ts'
import { startClientHub } from './start-client-hub.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const BY = 'key_admin'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const REDIRECT = 'http://127.0.0.1:43123/callback'
const READ = 'tool:files/read_text_file'

let hub: Awaited<ReturnType<typeof startClientHub>>
let as: oauth.AuthorizationServer

beforeAll(async () => {
  hub = await startClientHub()
  as = hub.as
  return () => hub[Symbol.asyncDispose]()
})

const mcp = () => `${hub.url}/mcp`
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
const grantOf = (token: string): Grant => hub.grants.find(claimsOf(token).gid as GrantId)!

async function personToken(parameters: Record<string, string> = {}) {
  const client = { client_id: hub.clientId }
  const tokens = await getPersonTokens({
    as,
    client,
    redirectUri: REDIRECT,
    visitor: hub.visitor,
    parameters,
  })
  return tokens.access_token
}

/** As consent would have it, with terms of the test's own. */
async function tokenOfTerms(terms: Partial<GrantTerms>, scope = 'mcp') {
  const app = hub.clients.findApp(hub.clientId)!
  const grant = await hub.grants.create(
    {
      kind: 'consent',
      holder: { kind: 'app', id: app.id },
      person: hub.person,
      parent: null,
      terms: {
        audiences: { [mcp()]: ['mcp'] },
        capabilities: [{ capability: 'tool:files/*' }],
        limits: {},
        expiresAt: null,
        ...terms,
      },
    },
    hub.person,
  )
  const now = Math.floor(Date.now() / 1000)
  return hub.identity.mintToken({
    iss: hub.url,
    sub: hub.person,
    aud: mcp(),
    client_id: hub.clientId,
    scope,
    gid: grant.id,
    acr: 'urn:parley:2fa',
    jti: randomUUID(),
    iat: now,
    exp: now + 600,
  })
}

async function newAgent() {
  const name = `agent-x${randomUUID().slice(0, 8).replace(/[01]/g, 'a')}`
  const { agent, shownOnce } = await hub.clients.agents.create(
    { name, owner: null, proof: { kind: 'secret' } },
    BY,
  )
  return { id: agent.id, secret: shownOnce.kind === 'secret' ? shownOnce.secret : '' }
}

async function exchange(
  agent: { id: string; secret: string },
  subjectToken: string,
  more: Record<string, string> = {},
) {
  const response = await fetch(as.token_endpoint!, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: EXCHANGE,
      subject_token: subjectToken,
      subject_token_type: ACCESS_TOKEN,
      ...more,
    }),
  })
  return { status: response.status, body: (await response.json()) as any }
}

const WHERES: NonNullable<GrantTerms['capabilities'][number]['where']>[] = [
  [{ pointer: '/path', prefix: '/a/' }],
  [{ pointer: '/n', atMost: 3 }],
]

describe('RFC 8693: an agent acts for a person', () => {
  test('with a token and a grant of its own, the whole chain in it', async () => {
    const subject = await personToken()
    const agent = await newAgent()
    const client = { client_id: agent.id }
    const response = await oauth.genericTokenEndpointRequest(
      as,
      client,
      oauth.ClientSecretBasic(agent.secret),
      EXCHANGE,
      { subject_token: subject, subject_token_type: ACCESS_TOKEN },
      insecure,
    )
    const answer = await oauth.processGenericTokenEndpointResponse(as, client, response)
    expect(answer).toMatchObject({ issued_token_type: ACCESS_TOKEN, scope: 'mcp', token_type: 'bearer' })
    const before = claimsOf(subject)
    const claims = hub.identity.verifyToken(answer.access_token)!
    expect(claims).toMatchObject({
      sub: hub.person,
      client_id: agent.id,
      aud: before.aud,
      acr: before.acr,
      amr: before.amr,
      auth_time: before.auth_time,
      sid: before.sid,
      act: { sub: agent.id, act: { sub: hub.clientId } },
    })
    expect(claims.exp).toBeLessThanOrEqual(before.exp)
    expect(grantOf(answer.access_token)).toMatchObject({
      kind: 'delegation',
      holder: { kind: 'agent', id: agent.id },
      person: hub.person,
      parent: before.gid,
    })
  })

  test('passed on, the chain grows by its newest link', async () => {
    const subject = await personToken()
    const [first, second] = [await newAgent(), await newAgent()]
    const once = (await exchange(first, subject)).body.access_token
    const twice = (await exchange(second, once)).body.access_token
    expect(claimsOf(twice).act).toEqual({
      sub: second.id,
      act: { sub: first.id, act: { sub: hub.clientId } },
    })
    expect(grantOf(twice).parent).toBe(claimsOf(once).gid)
  })

  test('the same again is the same grant, at the same moment included', async () => {
    const subject = await personToken()
    const agent = await newAgent()
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(agent, subject)))
    expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).gid)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).jti)).size).toBe(10)
  })

  test('an agent that acts already goes on where it is', async () => {
    const agent = await newAgent()
    const once = (await exchange(agent, await personToken())).body.access_token
    const again = (await exchange(agent, once, { scope: READ })).body.access_token
    expect(claimsOf(again).act).toEqual(claimsOf(once).act)
    expect(claimsOf(again).scope).toBe(READ)
  })

  test('an actor token is the agent’s own, or refused', async () => {
    const [agent, other] = [await newAgent(), await newAgent()]
    for (const holder of [agent, other])
      await hub.grants.create(
        {
          kind: 'entitlement',
          holder: { kind: 'agent', id: holder.id },
          person: null,
          parent: null,
          terms: {
            audiences: { [mcp()]: ['mcp'] },
            capabilities: [{ capability: 'tool:files/*' }],
            limits: {},
            expiresAt: null,
          },
        },
        BY,
      )
    const own = async (one: typeof agent) => {
      const response = await oauth.clientCredentialsGrantRequest(
        as,
        { client_id: one.id },
        oauth.ClientSecretBasic(one.secret),
        {},
        insecure,
      )
      return ((await response.json()) as { access_token: string }).access_token
    }
    const subject = await personToken()
    const actor = (token: string) => ({ actor_token: token, actor_token_type: ACCESS_TOKEN })
    expect((await exchange(agent, subject, actor(await own(agent)))).status).toBe(200)
    for (const wrong of [await own(other), subject, 'nonsense'])
      expect((await exchange(agent, subject, actor(wrong))).body.error).toBe('invalid_request')
    // An agent may also act for an agent that acts for itself.
    const forAgent = (await exchange(other, await own(agent))).body.access_token
    expect(claimsOf(forAgent)).toMatchObject({ sub: agent.id, act: { sub: other.id } })
    expect(claimsOf(forAgent).act).not.toHaveProperty('act')
  })
})

describe('A16: never wider', () => {
  test('a scope that the subject token does not have', async () => {
    const agent = await newAgent()
    const narrow = await personToken({ scope: READ })
    for (const scope of ['mcp', `${READ} mcp`, 'tool:files/write_file', 'openid', 'hub:manage'])
      expect((await exchange(agent, narrow, { scope })).body.error).toBe('invalid_scope')
    const { body } = await exchange(agent, narrow)
    expect(body.scope).toBe(READ)
    expect(grantOf(body.access_token).terms.capabilities).toEqual([{ capability: READ }])
  })

  test('another audience, two audiences, an unknown one', async () => {
    const agent = await newAgent()
    const subject = await personToken()
    for (const target of [
      { resource: `${hub.url}/mcp/servers/files` },
      { resource: 'https://notes.example/mcp' },
      { resource: 'https://evil.test/' },
      { audience: `${hub.url}/api` },
      { resource: mcp(), audience: `${hub.url}/api` },
    ])
      expect((await exchange(agent, subject, target)).body.error).toBe('invalid_target')
    expect((await exchange(agent, subject, { resource: mcp(), audience: mcp() })).status).toBe(200)
    const twice = await fetch(as.token_endpoint!, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')}` },
      body: `grant_type=${encodeURIComponent(EXCHANGE)}&subject_token=${subject}&subject_token_type=${ACCESS_TOKEN}&resource=${mcp()}&resource=${mcp()}`,
    })
    expect(twice.status).toBe(400)
  })

  test('an audience of the grant, with no scope that the subject token lacks', async () => {
    const files = `${hub.url}/mcp/servers/files`
    const agent = await newAgent()
    const subject = await tokenOfTerms({ audiences: { [mcp()]: ['mcp'], [files]: ['mcp'] } }, READ)
    expect((await exchange(agent, subject, { resource: files, scope: 'mcp' })).body.error).toBe(
      'invalid_scope',
    )
    const { body } = await exchange(agent, subject, { resource: files })
    expect(claimsOf(body.access_token)).toMatchObject({ aud: files, scope: READ })
  })

  test('details narrow, and never widen', async () => {
    const agent = await newAgent()
    const subject = await tokenOfTerms({
      capabilities: [{ capability: 'tool:files/*', where: [{ pointer: '/path', prefix: '/docs/' }] }],
      limits: { calls: 10 },
    })
    const ask = (detail: object) =>
      exchange(agent, subject, {
        authorization_details: JSON.stringify([{ type: 'parley_capability', ...detail }]),
      })
    const where = [{ pointer: '/path', prefix: '/docs/public/' }]
    const narrow = await ask({
      capabilities: [{ capability: READ, where }],
      limits: { calls: 3 },
      expires_in: 3600,
    })
    expect(narrow.body).toHaveProperty('access_token')
    expect(grantOf(narrow.body.access_token).terms).toMatchObject({
      capabilities: [{ capability: READ, where }],
      limits: { calls: 3 },
      expiresAt: expect.any(Number),
    })
    for (const wide of [
      { capabilities: [{ capability: '*' }] },
      { capabilities: [{ capability: READ }] },
      { capabilities: [{ capability: READ, where: [{ pointer: '/path', prefix: '/' }] }] },
      { capabilities: [{ capability: READ, where }], limits: { calls: 11 } },
      { capabilities: [{ capability: READ, where }], locations: ['https://evil.test/'] },
    ])
      expect((await ask(wide)).body.error).toBe('invalid_authorization_details')
    const forgotten = await ask({ capabilities: [{ capability: READ, where }] })
    expect(grantOf(forgotten.body.access_token).terms.limits).toEqual({ calls: 10 })
  })

  test('limits and end of the parent are the child’s', async () => {
    const expiresAt = Date.now() + 120_000
    const subject = await tokenOfTerms({ limits: { callsPerMinute: 5 }, expiresAt })
    const { body } = await exchange(await newAgent(), subject)
    expect(grantOf(body.access_token).terms).toMatchObject({ limits: { callsPerMinute: 5 }, expiresAt })
    expect(body.expires_in).toBeLessThanOrEqual(120)
  })

  test('whatever is asked, what comes is within the parent', async () => {
    const agent = await newAgent()
    const capability = fc.constantFrom(
      '*',
      'tool:*',
      'tool:files/*',
      READ,
      'tool:mail/send',
      'prompt:files/*',
    )
    const rule = fc.record(
      {
        capability,
        where: fc.constantFrom(...WHERES),
      },
      { requiredKeys: ['capability'] },
    )
    const rules: fc.Arbitrary<GrantTerms['capabilities']> = fc.array(rule, { minLength: 1, maxLength: 3 })
    const scopes = fc.subarray(['mcp', READ, 'tool:mail/send'], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        rules,
        scopes,
        fc.option(scopes),
        fc.option(rules),
        async (own, held, wanted, detail) => {
          const subject = await tokenOfTerms({ capabilities: own }, held.join(' '))
          const { status, body } = await exchange(agent, subject, {
            ...(wanted ? { scope: wanted.join(' ') } : {}),
            ...(detail
              ? {
                  authorization_details: JSON.stringify([
                    { type: 'parley_capability', capabilities: detail },
                  ]),
                }
              : {}),
          })
          expect(status).toBeLessThan(500)
          if (status !== 200) return
          const child = grantOf(body.access_token)
          expect(findExcess(child.terms, hub.grants.find(child.parent!)!.terms)).toBeUndefined()
          const scope = String(body.scope).split(' ')
          expect(scope.every((one) => held.includes(one) || (held.includes('mcp') && one !== 'mcp'))).toBe(
            true,
          )
          if (!held.includes('mcp'))
            expect(child.terms.capabilities.every((each) => held.includes(each.capability))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a chain has an end, and no loop', async () => {
    const subject = await personToken()
    const agents = []
    let token = subject
    for (let depth = 0; depth < 7; depth++) {
      const agent = await newAgent()
      const { status, body } = await exchange(agent, token)
      expect(status).toBe(200)
      agents.push(agent)
      token = body.access_token
    }
    expect((await exchange(await newAgent(), token)).body.error).toBe('invalid_request')
    expect((await exchange(agents[2]!, token)).body.error).toBe('invalid_request')
  })
})

describe('A16: everybody in the chain must be in good standing', () => {
  test.each([
    ['nonsense', async () => 'nonsense'],
    ['an altered token', async () => `${(await personToken()).slice(0, -4)}AAAA`],
    [
      'a token of another issuer',
      async () => hub.identity.mintToken({ ...claimsOf(await personToken()), iss: 'https://evil.test' }),
    ],
    ['an ID token', async () => hub.identity.mintToken(claimsOf(await personToken()), 'JWT')],
    [
      'a token past its end',
      async () =>
        hub.identity.mintToken({ ...claimsOf(await personToken()), exp: Math.floor(Date.now() / 1000) }),
    ],
    [
      'two audiences',
      async () =>
        hub.identity.mintToken({ ...claimsOf(await personToken()), aud: [mcp(), 'https://evil.test'] }),
    ],
    [
      'another person than the grant’s',
      async () =>
        hub.identity.mintToken({ ...claimsOf(await personToken()), sub: 'per_00000000000000000000000002' }),
    ],
    [
      'an app that is gone',
      async () => hub.identity.mintToken({ ...claimsOf(await personToken()), client_id: 'gone' }),
    ],
  ])('%s', async (_, subject) => {
    const { status, body } = await exchange(await newAgent(), await subject())
    expect(status).toBe(400)
    // RFC 8693 §2.2.2.
    expect(body.error).toBe('invalid_request')
    expect(body).not.toHaveProperty('access_token')
  })

  test('a grant that was revoked, and with it all that was passed on', async () => {
    const [first, second] = [await newAgent(), await newAgent()]
    const subject = await personToken()
    const once = (await exchange(first, subject)).body.access_token
    const twice = (await exchange(second, once)).body.access_token
    await hub.grants.revoke(claimsOf(subject).gid, hub.person)
    for (const token of [subject, once, twice]) {
      expect(hub.identity.verifyToken(token)).toBeUndefined()
      expect((await exchange(second, token)).body.error).toBe('invalid_request')
    }
  })

  test('G7: an agent in the middle that was suspended', async () => {
    const [first, second, third] = [await newAgent(), await newAgent(), await newAgent()]
    const once = (await exchange(first, await personToken())).body.access_token
    const twice = (await exchange(second, once)).body.access_token
    await hub.clients.agents.suspend(first.id as AgentId, BY)
    expect(hub.identity.verifyToken(twice)).toBeUndefined()
    expect((await exchange(third, twice)).body.error).toBe('invalid_request')
    expect((await exchange(first, await personToken())).status).toBe(401)
  })

  test('only agents exchange', async () => {
    const subject = await personToken()
    const response = await fetch(as.token_endpoint!, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: EXCHANGE,
        client_id: hub.clientId,
        subject_token: subject,
        subject_token_type: ACCESS_TOKEN,
      }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).not.toHaveProperty('access_token')
  })

  test('parameters of RFC 8693 §2.1', async () => {
    const subject = await personToken()
    const agent = await newAgent()
    for (const more of [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { actor_token: subject },
      { actor_token_type: ACCESS_TOKEN },
      { subject_token: '' },
    ])
      expect((await exchange(agent, subject, more as Record<string, string>)).body.error).toBe(
        'invalid_request',
      )
    expect(hub.errors()).toEqual([])
  })
})
