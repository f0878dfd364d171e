import type { AgentId } from '@parley/contract'
import { expect, test } from 'vitest'
import { BY } from './granting-hub.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const yaml = (limits: object) => JSON.stringify({ listen: { trustedProxy: true }, limits })

async function newAgent({ hub, url }: TestHub, name: string): Promise<{ id: AgentId; secret: string }> {
  const { agent, shownOnce } = await hub.clients.agents.create(
    { name, owner: null, proof: { kind: 'secret' } },
    BY,
  )
  const terms = {
    audiences: { [`${url}/mcp`]: ['mcp'] },
    capabilities: [{ capability: '*' }],
    limits: {},
    expiresAt: null,
  }
  const holder = { kind: 'agent', id: agent.id } as const
  await hub.grants.create({ kind: 'entitlement', holder, person: null, parent: null, terms }, BY)
  return { id: agent.id, secret: shownOnce.kind === 'secret' ? shownOnce.secret : '' }
}

/** Asks for a token, or at another endpoint where clients prove themselves, from an address that the proxy tells. */
async function ask(
  { url }: TestHub,
  { id, secret }: { id: string; secret: string },
  { from = '203.0.113.1', at = 'token' } = {},
) {
  const response = await fetch(`${url}/oauth/${at}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'x-forwarded-for': from,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', token: 'x', resource: `${url}/mcp` }),
  })
  return { status: response.status, wait: response.headers.get('retry-after'), body: await response.json() }
}

async function askTimes(count: number, one: () => ReturnType<typeof ask>): Promise<number[]> {
  const statuses: number[] = []
  for (let at = 0; at < count; at++) statuses.push((await one()).status)
  return statuses
}

test('A17: who guesses a secret is told to wait after a few tries, and the client itself is not', async () => {
  await using hub = await startTestHub(yaml({ tokenFailuresPerMinute: 25 }))
  const agent = await newAgent(hub, 'worker')
  const guess = { id: agent.id, secret: 'a guess' }
  for (const at of ['token', 'introspect', 'revoke']) {
    const from = `203.0.113.${at.length}`
    expect(await askTimes(5, () => ask(hub, guess, { from, at }))).toEqual([401, 401, 401, 401, 401])
    const refused = await ask(hub, guess, { from, at })
    expect([refused.status, refused.body]).toMatchObject([429, { error: 'temporarily_unavailable' }])
    expect(Number(refused.wait)).toBeGreaterThanOrEqual(1)
    // Also with what is right: otherwise guessing would go on.
    expect((await ask(hub, agent, { from })).status).toBe(429)
  }
  expect((await ask(hub, agent, { from: '198.51.100.1' })).status).toBe(200)
})

test('an address with many failing clients is told to wait; one failing client there does not stop the others', async () => {
  await using hub = await startTestHub(yaml({ tokenFailuresPerMinute: 25 }))
  const agent = await newAgent(hub, 'worker')
  await askTimes(20, () => ask(hub, { id: 'broken', secret: 'x' }))
  expect(await askTimes(20, () => ask(hub, agent))).toEqual(Array.from({ length: 20 }, () => 200))
  const names = Array.from({ length: 30 }, (_, at) => `client-${at}`)
  const statuses: number[] = []
  for (const id of names) statuses.push((await ask(hub, { id, secret: 'x' })).status)
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(8)
  expect((await ask(hub, agent)).status).toBe(429)
  expect((await ask(hub, agent, { from: '198.51.100.1' })).status).toBe(200)
})

test('one client gets so many tokens a second, whoever else claims its name', async () => {
  await using hub = await startTestHub(yaml({ tokensPerSecond: 3 }))
  const [agent, other] = [await newAgent(hub, 'worker'), await newAgent(hub, 'other')]
  await askTimes(10, () => ask(hub, { ...agent, secret: 'wrong' }, { from: '198.51.100.9' }))
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await ask(hub, agent)).status))
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200])
  const more = await askTimes(4, () => ask(hub, agent))
  expect(more).toContain(429)
  expect((await ask(hub, other)).status).toBe(200)
})
