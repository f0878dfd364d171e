import { AgentCard } from '@a2a-js/sdk'
import { DefaultAgentCardResolver } from '@a2a-js/sdk/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAgentHub, type AgentHub } from './start-agent-hub.ts'

let opened: AgentHub
beforeAll(async () => {
  opened = await startAgentHub()
})
afterAll(() => opened[Symbol.asyncDispose]())

async function cardOf(headers: Record<string, string> = {}) {
  const response = await fetch(`${opened.url}/.well-known/agent-card.json`, { headers })
  return {
    response,
    status: response.status,
    card: (response.status === 200 ? await response.json() : {}) as any,
  }
}

describe('the card of an agent at the hub', () => {
  test('§8.4: who says 1.0 gets the card of 1.0, signed, and nothing else in it', async () => {
    const { card } = await cardOf({ 'a2a-version': '1.0' })
    expect(card.signatures).toHaveLength(1)
    expect(AgentCard.toJSON(AgentCard.fromJSON(card))).toMatchObject({ name: 'SDK agent', version: '1.0.0' })
    for (const name of ['url', 'protocolVersion', 'preferredTransport', 'additionalInterfaces', 'security'])
      expect(card).not.toHaveProperty(name)
    expect(
      card.supportedInterfaces.map((face: any) => `${face.protocolBinding} ${face.protocolVersion}`),
    ).toEqual(['JSONRPC 1.0', 'HTTP+JSON 1.0', 'GRPC 1.0', 'JSONRPC 0.3', 'HTTP+JSON 0.3'])
  })

  test('who says nothing gets one that both versions can read, without a signature', async () => {
    const { card, response } = await cardOf()
    expect(response.headers.get('vary')).toBe('a2a-version')
    expect(card).not.toHaveProperty('signatures')
    expect(card).toMatchObject({
      protocolVersion: '0.3.0',
      url: opened.url,
      preferredTransport: 'JSONRPC',
      additionalInterfaces: [{ url: opened.url, transport: 'HTTP+JSON' }],
      supportsAuthenticatedExtendedCard: true,
      security: [{ parley: ['a2a'] }],
    })
    const { card: modern } = await cardOf({ 'a2a-version': '1.0' })
    const { signatures: _, securitySchemes, ...rest } = modern
    expect(card).toMatchObject(rest)
    expect(card.securitySchemes.parley).toMatchObject({ type: 'oauth2', ...securitySchemes.parley })
    const resolver = new DefaultAgentCardResolver({ legacyCompat: { enabled: true } })
    expect(resolver.normalizeAgentCard(card).supportedInterfaces).toHaveLength(5)
  })

  test('before an agent of 1.0 alone, who says nothing gets the card of 1.0; who says 0.3 the one for both', async () => {
    const modern = await startAgentHub({ agent: { versions: ['1.0'] } })
    const path = `${modern.url}/.well-known/agent-card.json`
    const usual = (await (await fetch(path)).json()) as any
    expect(usual.signatures).toHaveLength(1)
    expect(usual).not.toHaveProperty('protocolVersion')
    const asked = (await (await fetch(`${path}?A2A-Version=0.3`)).json()) as any
    expect(asked.protocolVersion).toBe('0.3.0')
    await modern[Symbol.asyncDispose]()
  })

  test('each text has a tag of its own, and an unknown version is no reason to refuse a card', async () => {
    const [modern, both] = [await cardOf({ 'a2a-version': '1.0' }), await cardOf()]
    const tags = [modern, both].map(({ response }) => response.headers.get('etag')!)
    expect(new Set(tags).size).toBe(2)
    expect((await cardOf({ 'if-none-match': tags[1]! })).status).toBe(304)
    expect((await cardOf({ 'if-none-match': tags[0]! })).status).toBe(200)
    expect((await cardOf({ 'a2a-version': '99.0' })).card.signatures).toHaveLength(1)
  })

  test('nothing of the agent’s own address is in it', async () => {
    for (const headers of [{}, { 'a2a-version': '1.0' }]) {
      const { card } = await cardOf(headers as Record<string, string>)
      expect(JSON.stringify(card)).not.toContain(new URL(opened.agent.origin).host)
    }
  })
})
