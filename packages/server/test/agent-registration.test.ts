import { beforeAll, describe, expect, test } from 'vitest'
import { startCardHost, sampleCard } from '../src/directory/test-kit.ts'
import { BY, startExchangeHub } from './start-exchange-hub.ts'

let hub: Awaited<ReturnType<typeof startExchangeHub>>

beforeAll(async () => {
  hub = await startExchangeHub()
  return () => hub[Symbol.asyncDispose]()
})

const api = () => `${hub.url}/api`
const CARD = sampleCard('https://weather.example/a2a')

/** A workload that may send its card, with its token. */
async function registering() {
  const agent = await hub.newAgent()
  const { id } = agent
  await hub.grants.create(
    {
      kind: 'entitlement',
      holder: { kind: 'agent', id },
      person: null,
      parent: null,
      terms: { audiences: { [api()]: ['hub:manage'] }, capabilities: [], limits: {}, expiresAt: null },
    },
    BY,
  )
  return { id, name: hub.clients.agent(id)!.name, token: await hub.ownToken(agent, api()) }
}

const show = async (name: string) => (await hub.api('GET', `/api/cards/${name}`)).body
const served = async (name: string) => (await show(name)).served

async function as(token: string, method: string, path: string, body?: unknown) {
  const response = await fetch(hub.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as any }
}

describe('H7: an agent registers itself, under its own name alone', () => {
  test('it waits for a review, and its host is for the reviewer to name', async () => {
    const { id, name, token } = await registering()
    const sent = await as(token, 'PUT', '/api/me/card', { card: { ...CARD, name: `Weather ${name}` } })
    expect(sent).toMatchObject({
      status: 200,
      body: { name, source: 'self', state: 'pending', served: false, agent: id },
    })
    expect(sent.body.reason).toContain('--allow-host weather.example:443')
    expect(await served(name)).toBe(false)
    const { hash } = sent.body
    const review = { hash, verdict: 'approve' }
    expect((await hub.api('POST', `/api/cards/${name}/review`, review)).status).toBe(400)
    const allowed = { ...review, allowHosts: ['weather.example'] }
    const approved = await hub.api('POST', `/api/cards/${name}/review`, allowed)
    expect(approved.body).toMatchObject({ state: 'approved', served: true, agent: id })
  })

  test('what it sends later is held back, and the approved card goes on', async () => {
    const { name, token } = await registering()
    const card = { ...CARD, name: `Later ${name}` }
    const { hash } = (await as(token, 'PUT', '/api/me/card', { card })).body
    const review = { hash, verdict: 'approve', allowHosts: ['weather.example'] }
    await hub.api('POST', `/api/cards/${name}/review`, review)
    const changed = await as(token, 'PUT', '/api/me/card', { card: { ...card, description: 'Evil.' } })
    expect(changed.body).toMatchObject({ served: true, reason: 'changed since approval' })
    expect(changed.body.changes).toMatchObject([{ skill: null, change: 'changed' }])
    expect(changed.body.approvedHash).toBe(hash)
  })

  test('G7: a workload that is suspended is not asked, and one that is retired has no card', async () => {
    const { id, name, token } = await registering()
    const card = { ...CARD, name: `Ending ${name}` }
    const { hash } = (await as(token, 'PUT', '/api/me/card', { card })).body
    await hub.api('POST', `/api/cards/${name}/review`, {
      hash,
      verdict: 'approve',
      allowHosts: ['weather.example'],
    })
    expect(await served(name)).toBe(true)
    await hub.clients.agents.suspend(id, BY)
    expect(await served(name)).toBe(false)
    await hub.clients.agents.resume(id, BY)
    expect(await served(name)).toBe(true)
    await hub.clients.agents.retire(id, BY)
    expect(await served(name)).toBe(false)
  })

  test('it cannot touch a card that an administrator added, nor anything else of the hub', async () => {
    const host = await startCardHost()
    const { name, token } = await registering()
    await hub.api('POST', '/api/cards', {
      name,
      card: { ...CARD, name: `Fixed ${name}` },
      allowHosts: ['weather.example'],
    })
    expect((await as(token, 'PUT', '/api/me/card', { card: CARD })).status).toBe(409)
    expect((await as(token, 'DELETE', '/api/me/card')).status).toBe(409)
    const refused = await Promise.all([
      as(token, 'GET', '/api/cards'),
      as(token, 'POST', '/api/cards', { name: 'mine', url: host.origin }),
      as(token, 'GET', '/api/agents'),
      as(token, 'POST', `/api/cards/${name}/review`, { hash: 'x', verdict: 'approve' }),
      as(token, 'GET', '/api/me'),
    ])
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    expect(host.seen).toEqual([])
    expect((await show(name)).title).toBe(`Fixed ${name}`)
    await host.close()
  })

  test('an agent that acts for a person sends no card, and neither does a person', async () => {
    const { id, secret } = await hub.newAgent()
    const exchanged = await hub.exchange({ id, secret }, await hub.personToken())
    const token = exchanged.body.access_token as string
    expect([401, 403]).toContain((await as(token, 'PUT', '/api/me/card', { card: CARD })).status)
    expect((await hub.api('PUT', '/api/me/card', { card: CARD })).status).toBe(403)
  })

  test('a card that is none is refused, and nothing is kept', async () => {
    const { name, token } = await registering()
    expect((await as(token, 'PUT', '/api/me/card', { card: { name: 'x' } })).status).toBe(400)
    expect((await hub.api('GET', `/api/cards/${name}`)).status).toBe(404)
  })
})
