import type { AgentId } from '@parley/contract'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { insecure } from './oauth-app.ts'
import { ACCESS_TOKEN, BY, EXCHANGE, READ, claimsOf, startExchangeHub } from './start-exchange-hub.ts'

let hub: Awaited<ReturnType<typeof startExchangeHub>>

beforeAll(async () => {
  hub = await startExchangeHub()
  return () => hub[Symbol.asyncDispose]()
})

describe('RFC 8693: an agent acts for a person', () => {
  test('with a token and a grant of its own, the whole chain in it', async () => {
    const subject = await hub.personToken()
    const agent = await hub.newAgent()
    const client = { client_id: agent.id }
    const response = await oauth.genericTokenEndpointRequest(
      hub.as,
      client,
      oauth.ClientSecretBasic(agent.secret),
      EXCHANGE,
      { subject_token: subject, subject_token_type: ACCESS_TOKEN },
      insecure,
    )
    const answer = await oauth.processGenericTokenEndpointResponse(hub.as, client, response)
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
    expect(hub.grantOf(answer.access_token)).toMatchObject({
      kind: 'delegation',
      holder: { kind: 'agent', id: agent.id },
      person: hub.person,
      parent: before.gid,
    })
  })

  test('passed on, the chain grows by its newest link', async () => {
    const subject = await hub.personToken()
    const [first, second] = [await hub.newAgent(), await hub.newAgent()]
    const once = (await hub.exchange(first, subject)).body.access_token
    const twice = (await hub.exchange(second, once)).body.access_token
    expect(claimsOf(twice).act).toEqual({
      sub: second.id,
      act: { sub: first.id, act: { sub: hub.clientId } },
    })
    expect(hub.grantOf(twice).parent).toBe(claimsOf(once).gid)
  })

  test('the same again is the same grant, at the same moment included', async () => {
    const subject = await hub.personToken()
    const agent = await hub.newAgent()
    const answers = await Promise.all(Array.from({ length: 10 }, () => hub.exchange(agent, subject)))
    expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).gid)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).jti)).size).toBe(10)
  })

  test('an agent that acts already goes on where it is', async () => {
    const agent = await hub.newAgent()
    const once = (await hub.exchange(agent, await hub.personToken())).body.access_token
    const again = (await hub.exchange(agent, once, { scope: READ })).body.access_token
    expect(claimsOf(again).act).toEqual(claimsOf(once).act)
    expect(claimsOf(again).scope).toBe(READ)
  })

  test('an actor token is the agent’s own, or refused', async () => {
    const [agent, other] = [await hub.newAgent(), await hub.newAgent()]
    for (const holder of [agent, other])
      await hub.grants.create(
        {
          kind: 'entitlement',
          holder: { kind: 'agent', id: holder.id },
          person: null,
          parent: null,
          terms: {
            audiences: { [hub.mcp()]: ['mcp'] },
            capabilities: [{ capability: 'tool:files/*' }],
            limits: {},
            expiresAt: null,
          },
        },
        BY,
      )
    const own = async (one: typeof agent) => {
      const response = await oauth.clientCredentialsGrantRequest(
        hub.as,
        { client_id: one.id },
        oauth.ClientSecretBasic(one.secret),
        {},
        insecure,
      )
      return ((await response.json()) as { access_token: string }).access_token
    }
    const subject = await hub.personToken()
    const actor = (token: string) => ({ actor_token: token, actor_token_type: ACCESS_TOKEN })
    expect((await hub.exchange(agent, subject, actor(await own(agent)))).status).toBe(200)
    for (const wrong of [await own(other), subject, 'nonsense'])
      expect((await hub.exchange(agent, subject, actor(wrong))).body.error).toBe('invalid_request')
    // An agent may also act for an agent that acts for itself.
    const forAgent = (await hub.exchange(other, await own(agent))).body.access_token
    expect(claimsOf(forAgent)).toMatchObject({ sub: agent.id, act: { sub: other.id } })
    expect(claimsOf(forAgent).act).not.toHaveProperty('act')
  })
})

describe('A16: everybody in the chain must be in good standing', () => {
  test.each([
    ['nonsense', async () => 'nonsense'],
    ['an altered token', async () => `${(await hub.personToken()).slice(0, -4)}AAAA`],
    [
      'a token of another issuer',
      async () => hub.identity.mintToken({ ...claimsOf(await hub.personToken()), iss: 'https://evil.test' }),
    ],
    ['an ID token', async () => hub.identity.mintToken(claimsOf(await hub.personToken()), 'JWT')],
    [
      'a token past its end',
      async () =>
        hub.identity.mintToken({ ...claimsOf(await hub.personToken()), exp: Math.floor(Date.now() / 1000) }),
    ],
    [
      'two audiences',
      async () =>
        hub.identity.mintToken({
          ...claimsOf(await hub.personToken()),
          aud: [hub.mcp(), 'https://evil.test'],
        }),
    ],
    [
      'another person than the grant’s',
      async () =>
        hub.identity.mintToken({
          ...claimsOf(await hub.personToken()),
          sub: 'per_00000000000000000000000002',
        }),
    ],
    [
      'an app that is gone',
      async () => hub.identity.mintToken({ ...claimsOf(await hub.personToken()), client_id: 'gone' }),
    ],
  ])('%s', async (_, subject) => {
    const { status, body } = await hub.exchange(await hub.newAgent(), await subject())
    expect(status).toBe(400)
    // RFC 8693 §2.2.2.
    expect(body.error).toBe('invalid_request')
    expect(body).not.toHaveProperty('access_token')
  })

  test('a grant that was revoked, and with it all that was passed on', async () => {
    const [first, second] = [await hub.newAgent(), await hub.newAgent()]
    const subject = await hub.personToken()
    const once = (await hub.exchange(first, subject)).body.access_token
    const twice = (await hub.exchange(second, once)).body.access_token
    await hub.grants.revoke(claimsOf(subject).gid, hub.person)
    for (const token of [subject, once, twice]) {
      expect(hub.identity.verifyToken(token)).toBeUndefined()
      expect((await hub.exchange(second, token)).body.error).toBe('invalid_request')
    }
  })

  test('G7: an agent in the middle that was suspended', async () => {
    const [first, second, third] = [await hub.newAgent(), await hub.newAgent(), await hub.newAgent()]
    const once = (await hub.exchange(first, await hub.personToken())).body.access_token
    const twice = (await hub.exchange(second, once)).body.access_token
    await hub.clients.agents.suspend(first.id as AgentId, BY)
    expect(hub.identity.verifyToken(twice)).toBeUndefined()
    expect((await hub.exchange(third, twice)).body.error).toBe('invalid_request')
    expect((await hub.exchange(first, await hub.personToken())).status).toBe(401)
  })

  test('only agents exchange', async () => {
    const subject = await hub.personToken()
    const response = await fetch(hub.as.token_endpoint!, {
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
    const subject = await hub.personToken()
    const agent = await hub.newAgent()
    for (const more of [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { actor_token: subject },
      { actor_token_type: ACCESS_TOKEN },
      { subject_token: '' },
    ])
      expect((await hub.exchange(agent, subject, more as Record<string, string>)).body.error).toBe(
        'invalid_request',
      )
    expect(hub.errors()).toEqual([])
  })
})
