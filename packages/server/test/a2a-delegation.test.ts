import type { GrantId } from '@parley/contract'
import { createAgentClient, textOf, type AgentEvent } from '@parley/sdk/agent'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APP, BY, startDelegationHub, type AddedAgent, type DelegationHub } from './start-delegation-hub.ts'
import { exchangeAs } from './exchange-as.ts'
import { until } from './start-test-hub.ts'

let hub: DelegationHub
let planner: AddedAgent
let weather: AddedAgent
let maps: AddedAgent

beforeAll(async () => {
  hub = await startDelegationHub()
  maps = await hub.addAgent('maps', { skills: ['route', 'place'] })
  weather = await hub.addAgent('weather', { skills: ['forecast'] })
  planner = await hub.addAgent('planner', { delegations: { weather: { onward: ['maps'] } } })
})
afterAll(() => hub[Symbol.asyncDispose]())

describe('person → app → planner → weather → maps', () => {
  test('the deepest agent is heard by the first caller as it speaks, and each sees everybody before it', async () => {
    const { token } = await hub.tokenFor()
    const events: AgentEvent[] = []
    for await (const event of hub.ask('planner', token).stream('pass weather pass maps work to Bern'))
      events.push(event)
    expect(events.map(textOf).join('')).toBe('maps: to Bern')
    const said = events.map(({ statusUpdate }) => statusUpdate?.status.message?.parts[0]?.text)
    expect(said.filter(Boolean)).toEqual(['planner works', 'weather works', 'maps works'])
    expect(events.at(-1)!.statusUpdate!.status.state).toBe('TASK_STATE_COMPLETED')
    const { person } = hub
    expect(planner.calls.at(-1)!.chain).toEqual([person, 'test-app'])
    expect(weather.calls.at(-1)!.chain).toEqual([person, 'test-app', planner.id])
    expect(maps.calls.at(-1)!.chain).toEqual([person, 'test-app', planner.id, weather.id])
  })
})

test('A16: each grant is part of the one before, down to what the next may do', async () => {
  const { token, grant } = await hub.tokenFor()
  await hub.ask('planner', token).send('pass weather pass maps work')
  const grants = [planner, weather, maps].map(({ calls }) => calls.at(-1)!.caller.grant!)
  expect(grants[0]).toBe(grant)
  const [, forWeather, forMaps] = grants.map((id) => hub.hub.hub.grants.find(id as never)!)
  expect(forWeather).toMatchObject({
    kind: 'delegation',
    parent: grant,
    holder: { kind: 'agent', id: planner.id },
    terms: { capabilities: [{ capability: 'skill:weather/*' }, { capability: 'skill:maps/*' }] },
  })
  expect(forMaps).toMatchObject({
    parent: forWeather!.id,
    holder: { kind: 'agent', id: weather.id },
    terms: {
      audiences: { [`${hub.hub.url}/a2a/agents/maps`]: ['a2a'] },
      capabilities: [{ capability: 'skill:maps/*' }],
    },
  })
})

describe('G1: the token of a hop', () => {
  let hop: string
  beforeAll(async () => {
    await hub.ask('planner', (await hub.tokenFor()).token).send('pass weather work')
    hop = weather.stolen.at(-1)!
  })

  test('is for one agent and a minute, and names who alone may go on with it', () => {
    const claims = decodeJwt(hop)
    expect(claims).toMatchObject({
      aud: weather.url,
      sub: hub.person,
      act: { sub: planner.id },
      may_act: { sub: weather.id },
    })
    expect(claims.exp! - claims.iat!).toBeLessThanOrEqual(60)
  })

  test('is no token of the caller: what the app and the planner hold is seen by nobody else', () => {
    for (const { stolen } of [planner, weather, maps])
      for (const token of stolen) expect(String(decodeJwt(token).aud)).not.toContain(hub.hub.url)
  })

  test('is exchanged by its own agent, and by no other', async () => {
    const resource = `${hub.hub.url}/a2a/agents/maps`
    for (const thief of [maps, planner])
      for (const target of [undefined, resource, `${hub.hub.url}/a2a`])
        expect(
          await exchangeAs(thief, hop, hub.hub.url, target === undefined ? undefined : { resource: target }),
        ).toMatchObject({
          status: 400,
          body: { error: 'invalid_request' },
        })
    expect((await exchangeAs(weather, hop, hub.hub.url, { resource: `${hub.hub.url}/a2a` })).status).toBe(200)
  })

  test('is good at no other agent, and nowhere at the hub', async () => {
    const before = maps.calls.length
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: {} })
    const headers = { authorization: `Bearer ${hop}`, 'content-type': 'application/json' }
    const statusAt = async (url: string) => (await fetch(url, { method: 'POST', headers, body })).status
    const { url } = hub.hub
    expect(await statusAt(maps.url)).toBe(401)
    for (const path of ['/a2a/agents/maps', '/a2a/agents/weather', '/mcp', '/api/cards', '/api/me/card'])
      expect(await statusAt(url + path)).toBe(401)
    expect(maps.calls.length).toBe(before)
  })
})

describe('what was not passed on', () => {
  test.each([
    ['nobody', { weather: {} }],
    ['one skill of it', { weather: { onward: ['skill:maps/route'] } }],
  ])('is refused at the hub when onward names %s, whatever the agent tries', async (_what, delegations) => {
    const name = `asker-${crypto.randomUUID().slice(0, 6).replaceAll(/[01]/g, 'a')}`
    await hub.addAgent(name, { delegations })
    const before = maps.calls.length
    const { token } = await hub.tokenFor()
    const answer = await hub.ask(name, token).send('pass weather pass maps work')
    expect(answer.task!.status.state).toBe('TASK_STATE_FAILED')
    const hop = weather.stolen.at(-1)!
    const { url } = hub.hub
    const details = ['skill:maps/*', 'skill:maps/place', 'skill:*', '*'].map((capability) => ({
      authorization_details: JSON.stringify([{ type: 'parley_capability', capabilities: [{ capability }] }]),
    }))
    const resources = [`${url}/a2a`, `${url}/a2a/agents/maps`, `${url}/a2a/agents/weather`]
    const scopes = [
      {},
      { scope: 'a2a' },
      { scope: 'skill:maps/route skill:maps/place' },
      { scope: 'skill:maps/place' },
    ]
    for (const resource of resources)
      for (const more of [...details, ...scopes]) {
        const { body } = await exchangeAs(weather, hop, url, { resource, ...more })
        if (body.access_token === undefined) continue
        const client = createAgentClient({ url: `${url}/a2a/agents/maps`, token: () => body.access_token })
        const refused = await client.send('work').then(
          () => undefined,
          (error: unknown) => error,
        )
        expect(refused).toMatchObject({ name: 'HubError' })
        expect([401, 403]).toContain((refused as { status: number }).status)
      }
    expect(maps.calls.length).toBe(before)
  })
})

describe('what runs three agents deep', () => {
  /** Maps waits for weather, which waits for the planner; answers how long after the cut all three had ended. */
  async function cutWhileRunning(cut: (grant: GrantId) => Promise<unknown>): Promise<number> {
    const { token, grant } = await hub.tokenFor()
    const before = maps.cancelled.length
    const heard = (async () => {
      for await (const { task } of hub.ask('planner', token).stream('pass weather pass maps wait'))
        if (task) expect(task.id).toMatch(/^tsk_/)
    })().catch((error: unknown) => error)
    await until(() => maps.calls.at(-1)?.text === 'wait' && maps.running() === 1)
    const startedMs = performance.now()
    await cut(grant)
    await until(() => maps.cancelled.length > before)
    await until(() => [planner, weather, maps].every(({ running }) => running() === 0))
    const tookMs = performance.now() - startedMs
    await heard
    return tookMs
  }

  test('G7: ends with the person’s grant, within a second', async () => {
    let ended: GrantId | undefined
    const tookMs = await cutWhileRunning((grant) => hub.hub.hub.grants.revoke((ended = grant), BY))
    expect(tookMs).toBeLessThan(1000)
    const { body } = await hub.hub.api('GET', '/api/tasks')
    const last = body.tasks.slice(0, 3).map(({ server, state }: any) => `${server} ${state}`)
    expect(last.toSorted()).toEqual(['maps cancelled', 'planner cancelled', 'weather cancelled'])
    expect(hub.hub.hub.grants.find(ended!)?.state).toBe('revoked')
    // They were told to stop with tokens that are good for nothing else.
    const told = maps.stolen.at(-1)!
    expect(decodeJwt(told)).not.toHaveProperty('may_act')
    const { status, body: refused } = await exchangeAs(maps, told, hub.hub.url, {
      resource: `${hub.hub.url}/a2a`,
    })
    expect([status, refused.error]).toEqual([400, 'invalid_request'])
  })

  test('G7: ends with the app, and with any agent of the chain, within a second', async () => {
    const { clients } = hub.hub.hub
    const app = clients.findApp(APP)!.id
    expect(await cutWhileRunning(() => clients.apps.suspend(app, BY))).toBeLessThan(1000)
    await clients.apps.resume(app, BY)
    for (const { id } of [planner, weather]) {
      await anotherSecond()
      expect(await cutWhileRunning(() => clients.agents.suspend(id, BY))).toBeLessThan(1000)
      await clients.agents.resume(id, BY)
    }
  })
})

test('G7: a chain that a suspended agent is in goes no further', async () => {
  await anotherSecond()
  const { token } = await hub.tokenFor()
  const asked = hub.ask('planner', token)
  await asked.send('pass weather work')
  const hop = weather.stolen.at(-1)!
  const own = await exchangeAs(weather, hop, hub.hub.url, { resource: `${hub.hub.url}/a2a` })
  const onward = createAgentClient({
    url: `${hub.hub.url}/a2a/agents/maps`,
    token: () => own.body.access_token,
  })
  await onward.send('work')
  const before = maps.calls.length
  await hub.hub.hub.clients.agents.suspend(planner.id, BY)
  await expect(onward.send('work')).rejects.toMatchObject({ status: 401 })
  expect(await exchangeAs(weather, hop, hub.hub.url, { resource: `${hub.hub.url}/a2a` })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  })
  await expect(asked.send('pass weather work')).rejects.toMatchObject({ name: 'HubError' })
  expect(maps.calls.length).toBe(before)
  await hub.hub.hub.clients.agents.resume(planner.id, BY)
})

/** What was issued in the second of a cut is cut off with it. */
async function anotherSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1100))
}
