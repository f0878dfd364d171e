import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDelegationHub, type AddedAgent, type DelegationHub } from './start-delegation-hub.ts'

let hub: DelegationHub
let maps: AddedAgent
beforeAll(async () => {
  hub = await startDelegationHub()
  maps = await hub.addAgent('maps')
  await hub.addAgent('weather')
})
afterAll(() => hub[Symbol.asyncDispose]())

const say = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'SendMessage',
  params: { message: { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'work' }] } },
})

async function post(agent: string, authorization: string | undefined, headers: Record<string, string> = {}) {
  const response = await fetch(`${hub.hub.url}/a2a/agents/${agent}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      ...(authorization !== undefined && { authorization }),
      ...headers,
    },
    body: say,
  })
  await response.text()
  return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' }
}

describe('B2: a token is good where it is for', () => {
  test('one for all agents at each of them', async () => {
    const { token } = await hub.tokenFor()
    for (const agent of ['maps', 'weather'])
      for (const scheme of ['Bearer', 'bearer', 'BEARER'])
        expect((await post(agent, `${scheme} ${token}`)).status).toBe(200)
  })

  test('one for an agent at that agent alone', async () => {
    const { url } = hub.hub
    const { token } = await hub.tokenFor({ audiences: { [`${url}/a2a/agents/weather`]: ['a2a'] } })
    expect((await post('weather', `Bearer ${token}`)).status).toBe(200)
    const before = maps.calls.length
    const refused = await post('maps', `Bearer ${token}`)
    expect(refused.status).toBe(401)
    expect(refused.challenge).toContain(
      `resource_metadata="${url}/.well-known/oauth-protected-resource/a2a/agents/maps"`,
    )
    expect(maps.calls.length).toBe(before)
  })

  test('one for MCP, for the management, for elsewhere or for two at no agent', async () => {
    const { url } = hub.hub
    const before = maps.calls.length
    const audiences = [
      `${url}/mcp`,
      `${url}/api`,
      'https://notes.example/a2a',
      `${url}/a2a/agents`,
      [`${url}/a2a`, `${url}/mcp`],
    ]
    for (const aud of audiences) {
      const { token } = await hub.tokenFor({}, { aud })
      expect((await post('maps', `Bearer ${token}`)).status).toBe(401)
    }
    expect(maps.calls.length).toBe(before)
  })

  test('one that only says that it is for all agents at none', async () => {
    const { token } = await hub.tokenFor({}, { aud: `${hub.hub.url}/mcp` })
    const [head, claims, signature] = token.split('.')
    const forged = { ...JSON.parse(Buffer.from(claims!, 'base64url').toString()), aud: `${hub.hub.url}/a2a` }
    const body = Buffer.from(JSON.stringify(forged)).toString('base64url')
    const before = maps.calls.length
    expect((await post('maps', `Bearer ${head}.${body}.${signature}`)).status).toBe(401)
    // Nor does the one whose signature it has borrowed suffer from it.
    const good = await hub.tokenFor()
    const [h, , s] = good.token.split('.')
    for (const wrong of [
      'e30',
      '%%%',
      Buffer.from('null').toString('base64url'),
      Buffer.from('{"aud":{"toString":1}}').toString('base64url'),
    ])
      expect([400, 401]).toContain((await post('maps', `Bearer ${h}.${wrong}.${s}`)).status)
    expect(maps.calls.length).toBe(before)
    expect((await post('maps', `Bearer ${good.token}`)).status).toBe(200)
  })
})

describe('H12: nothing that is negotiated takes the check away', () => {
  test.each([
    ['extensions that are none', { 'a2a-extensions': ',,;;\u00ff urn:x:noauth, ' }],
    ['an old version', { 'a2a-version': '0.3' }],
    ['no version', { 'a2a-version': '' }],
    ['a version that is none', { 'a2a-version': '99.9; auth=none' }],
    ['the extension for callers', { 'a2a-extensions': 'urn:parley:a2a:caller:1' }],
    ['a caller in a header', { 'x-forwarded-user': 'admin', 'x-parley-person': 'per_1' }],
  ])('H12: %s', async (_what, headers) => {
    const before = maps.calls.length
    for (const authorization of [undefined, 'Bearer e30.e30.e30', 'Basic YTpi'])
      expect((await post('maps', authorization, headers as Record<string, string>)).status).toBe(401)
    expect(maps.calls.length).toBe(before)
  })
})
