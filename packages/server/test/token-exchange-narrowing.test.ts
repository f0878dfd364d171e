import type { GrantTerms } from '@parley/contract'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { findExcess } from '../src/grants/index.ts'
import { createHopTokens } from '../src/identity/index.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { ACCESS_TOKEN, EXCHANGE, READ, claimsOf, startExchangeHub } from './start-exchange-hub.ts'

let hub: Awaited<ReturnType<typeof startExchangeHub>>

beforeAll(async () => {
  hub = await startExchangeHub()
  return () => hub[Symbol.asyncDispose]()
})

const WHERES: NonNullable<GrantTerms['capabilities'][number]['where']>[] = [
  [{ pointer: '/path', prefix: '/a/' }],
  [{ pointer: '/n', atMost: 3 }],
]

describe('A16: never wider', () => {
  test('a scope that the subject token does not have', async () => {
    const agent = await hub.newAgent()
    const narrow = await hub.personToken({ scope: READ })
    for (const scope of ['mcp', `${READ} mcp`, 'tool:files/write_file', 'openid', 'hub:manage'])
      expect((await hub.exchange(agent, narrow, { scope })).body.error).toBe('invalid_scope')
    const { body } = await hub.exchange(agent, narrow)
    expect(body.scope).toBe(READ)
    expect(hub.grantOf(body.access_token).terms.capabilities).toEqual([{ capability: READ }])
  })

  test('another audience, two audiences, an unknown one', async () => {
    const agent = await hub.newAgent()
    const subject = await hub.personToken()
    for (const target of [
      { resource: `${hub.url}/mcp/servers/files` },
      { resource: 'https://notes.example/mcp' },
      { resource: 'https://evil.test/' },
      { audience: `${hub.url}/api` },
      { resource: hub.mcp(), audience: `${hub.url}/api` },
    ])
      expect((await hub.exchange(agent, subject, target)).body.error).toBe('invalid_target')
    expect((await hub.exchange(agent, subject, { resource: hub.mcp(), audience: hub.mcp() })).status).toBe(
      200,
    )
    const twice = await fetch(hub.as.token_endpoint!, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')}` },
      body: `grant_type=${encodeURIComponent(EXCHANGE)}&subject_token=${subject}&subject_token_type=${ACCESS_TOKEN}&resource=${hub.mcp()}&resource=${hub.mcp()}`,
    })
    expect(twice.status).toBe(400)
  })

  test('an audience of the grant, with no scope that the subject token lacks', async () => {
    const files = `${hub.url}/mcp/servers/files`
    const agent = await hub.newAgent()
    const subject = await hub.tokenOfTerms({ audiences: { [hub.mcp()]: ['mcp'], [files]: ['mcp'] } }, READ)
    expect((await hub.exchange(agent, subject, { resource: files, scope: 'mcp' })).body.error).toBe(
      'invalid_scope',
    )
    const { body } = await hub.exchange(agent, subject, { resource: files })
    expect(claimsOf(body.access_token)).toMatchObject({ aud: files, scope: READ })
  })

  test('details narrow, and never widen', async () => {
    const agent = await hub.newAgent()
    const subject = await hub.tokenOfTerms({
      capabilities: [{ capability: 'tool:files/*', where: [{ pointer: '/path', prefix: '/docs/' }] }],
      limits: { calls: 10 },
    })
    const ask = (detail: object) =>
      hub.exchange(agent, subject, {
        authorization_details: JSON.stringify([{ type: 'parley_capability', ...detail }]),
      })
    const where = [{ pointer: '/path', prefix: '/docs/public/' }]
    const narrow = await ask({
      capabilities: [{ capability: READ, where }],
      limits: { calls: 3 },
      expires_in: 3600,
    })
    expect(narrow.body).toHaveProperty('access_token')
    expect(hub.grantOf(narrow.body.access_token).terms).toMatchObject({
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
    expect(hub.grantOf(forgotten.body.access_token).terms.limits).toEqual({ calls: 10 })
  })

  test('all of one server’s is what of it was granted, with what that demands', async () => {
    const where = [{ pointer: '/path', prefix: '/docs/' }]
    const held = [{ capability: READ, where }, { capability: 'tool:files/list_directory' }]
    const subject = await hub.tokenOfTerms({ capabilities: [...held, { capability: 'tool:other/x' }] })
    const detail = { type: 'parley_capability', capabilities: [{ capability: 'tool:files/*' }] }
    const { body } = await hub.exchange(await hub.newAgent(), subject, {
      authorization_details: JSON.stringify([detail]),
    })
    expect(hub.grantOf(body.access_token).terms.capabilities).toEqual(held)
  })

  test('limits and end of the parent are the child’s', async () => {
    const expiresAt = Date.now() + 120_000
    const subject = await hub.tokenOfTerms({ limits: { callsPerMinute: 5 }, expiresAt })
    const { body } = await hub.exchange(await hub.newAgent(), subject)
    expect(hub.grantOf(body.access_token).terms).toMatchObject({ limits: { callsPerMinute: 5 }, expiresAt })
    expect(body.expires_in).toBeLessThanOrEqual(120)
  })

  test('RS4: the token that a server got for one call is exchanged for nothing', async () => {
    const agent = await hub.newAgent()
    const claims = claimsOf(await hub.tokenOfTerms({}))
    const principal = {
      subject: claims.gid,
      grant: claims.gid,
      person: hub.person,
      app: hub.clients.findApp(hub.clientId)!.id,
      chain: [{ kind: 'person', id: hub.person }],
      roles: [],
      assurance: { kind: 'token', acr: 'urn:parley:2fa', amr: [] },
    } as const
    const hopTokens = createHopTokens({
      sign: (hop) => hub.identity.mintToken(hop),
      issuer: () => hub.url,
      clock: systemClock,
      random: systemRandom,
      clientIdOf: () => hub.clientId,
      scopesOf: () => [],
    })
    for (const audience of ['https://files.example/mcp', 'https://notes.example/mcp', hub.mcp()]) {
      const hop = hopTokens.mint(principal, audience)
      const { status, body } = await hub.exchange(agent, hop, { resource: hub.mcp() })
      expect([status, body.error, body.access_token]).toEqual([400, 'invalid_request', undefined])
    }
    expect(hub.grants.list({ holder: { kind: 'agent', id: agent.id } })).toEqual([])
  })

  test('A13: with a grant for every resource, the token of one server is exchanged for that server alone', async () => {
    const [first, second] = [await hub.newAgent(), await hub.newAgent()]
    const terms: GrantTerms = {
      audiences: { '*': ['mcp'] },
      capabilities: [{ capability: 'tool:*' }],
      limits: {},
      expiresAt: null,
    }
    const holder = { kind: 'agent', id: first.id } as const
    await hub.grants.create({ kind: 'entitlement', holder, person: null, parent: null, terms }, 'test')
    const files = `${hub.url}/mcp/servers/files`
    const narrow = await hub.ownToken(first, files)
    const refused = await hub.exchange(second, narrow, { resource: hub.mcp() })
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_target'])
    const same = await hub.exchange(second, narrow, { resource: files })
    expect(claimsOf(same.body.access_token)).toMatchObject({ aud: files, sub: first.id })
    const narrowed = await hub.exchange(second, await hub.ownToken(first, hub.mcp()), { resource: files })
    expect(claimsOf(narrowed.body.access_token).aud).toBe(files)
  })

  test('whatever is asked, what comes is within the parent', async () => {
    const agent = await hub.newAgent()
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
          const subject = await hub.tokenOfTerms({ capabilities: own }, held.join(' '))
          const { status, body } = await hub.exchange(agent, subject, {
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
          const child = hub.grantOf(body.access_token)
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
    const subject = await hub.personToken()
    const agents = []
    let token = subject
    for (let depth = 0; depth < 7; depth++) {
      const agent = await hub.newAgent()
      const { status, body } = await hub.exchange(agent, token)
      expect(status).toBe(200)
      agents.push(agent)
      token = body.access_token
    }
    expect((await hub.exchange(await hub.newAgent(), token)).body.error).toBe('invalid_request')
    expect((await hub.exchange(agents[2]!, token)).body.error).toBe('invalid_request')
  })
})
