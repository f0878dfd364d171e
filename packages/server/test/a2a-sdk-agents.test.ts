import { SendMessageRequest, Task } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { HubError } from '@parley/sdk'
import { createAgent, textOf } from '@parley/sdk/agent'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPersonTokens } from './app-flow.ts'
import { openApp } from './oauth-app.ts'
import { APP, BY, startDelegationHub, type AddedAgent, type DelegationHub } from './start-delegation-hub.ts'

let hub: DelegationHub
let maps: AddedAgent
let weather: AddedAgent
beforeAll(async () => {
  hub = await startDelegationHub()
  maps = await hub.addAgent('maps', { skills: ['route'] })
  weather = await hub.addAgent('weather', { skills: ['forecast', 'warnings'] })
})
afterAll(() => hub[Symbol.asyncDispose]())

test('a person consents to all agents on the page, and the app asks one, which asks another', async () => {
  const { client, redirectUri, as } = await openApp(hub.hub.url, {
    clientId: APP,
    redirectUri: 'http://127.0.0.1:43123/callback',
  })
  const tokens = await getPersonTokens({
    as,
    client,
    redirectUri,
    visitor: hub.visitor,
    parameters: { resource: `${hub.hub.url}/a2a`, scope: 'a2a' },
  })
  const answer = await hub.ask('weather', tokens.access_token).send('pass maps work to Bern')
  expect(textOf(answer)).toBe('maps: to Bern')
  expect(maps.calls.at(-1)!.chain).toEqual([hub.person, APP, weather.id])
})

describe('an agent for itself', () => {
  test('H7: sends its card under its own name, which is served once it is reviewed', async () => {
    const { url } = hub.hub
    const { agent, shownOnce } = await hub.hub.hub.clients.agents.create(
      { name: 'herald', owner: null, proof: { kind: 'secret' } },
      BY,
    )
    const secret = shownOnce.kind === 'secret' ? shownOnce.secret : ''
    const herald = createAgent({
      hub: url,
      url: 'https://herald.example/a2a',
      credential: { id: agent.id, secret },
      card: { name: 'Herald', description: 'Tells.', version: '1', skills: [] },
    })
    await expect(herald.registerCard()).rejects.toBeInstanceOf(HubError)
    await hub.entitle(agent, { [`${url}/api`]: ['hub:manage'] }, [])
    const registered = await herald.registerCard()
    expect(registered).toMatchObject({ name: 'herald', state: 'pending' })
    expect(registered.reason).toContain('herald.example')
    const review = { hash: registered.hash, verdict: 'approve', allowHosts: ['herald.example'] }
    await hub.hub.api('POST', '/api/cards/herald/review', review)
    expect((await herald.registerCard()).state).toBe('approved')
    await herald[Symbol.asyncDispose]()
  })

  test('finds the agents that it may ask, and no others; asks them in its own name', async () => {
    const { url } = hub.hub
    await expect(weather.agent.findAgents()).rejects.toMatchObject({ name: 'HubError' })
    // As `parley grants add --agent weather` does, with and without `--own-card`.
    const everywhere = { [`${url}/mcp`]: ['mcp'], [`${url}/a2a`]: ['a2a'] }
    await hub.entitle(weather, everywhere, ['skill:maps/*'])
    await expect(weather.agent.findAgents()).rejects.toMatchObject({ name: 'HubError' })
    await hub.entitle(weather, { [`${url}/api`]: ['hub:manage'] }, [])
    expect((await weather.agent.findAgents({ text: 'route' })).map(({ name }) => name)).toEqual(['maps'])
    expect((await weather.agent.findAgents()).map(({ name }) => name)).not.toContain('weather')
    const asked = weather.agent.actAsItself().delegate({ agent: 'maps' })
    expect(textOf(await asked.send('work alone'))).toBe('maps: alone')
    expect(maps.calls.at(-1)!.chain).toEqual([weather.id])
    const listed = await fetch(`${url}/api/cards`, {
      headers: { authorization: `Bearer ${await asked.token()}` },
    })
    expect(listed.status).toBe(401)
  })
})

test('the client of the A2A SDK asks with the token of a delegate, which goes nowhere else', async () => {
  const caller = await callOnce()
  const delegate = weather.agent.actAs(caller).delegate({ agent: 'maps' })
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl: delegate.fetch })],
  })
  const card = await new DefaultAgentCardResolver({ fetchImpl: delegate.fetch }).resolve(
    `${delegate.url}/`,
    '.well-known/agent-card.json',
  )
  const client = await factory.createFromAgentCard(card)
  const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text: 'work by SDK' }] }
  const task = await client.sendMessage(SendMessageRequest.fromJSON({ message }))
  expect(textOf({ task: Task.toJSON(task as Task) as never })).toBe('maps: by SDK')
  const stolen = maps.stolen.length
  await delegate.fetch(`${maps.origin}/.well-known/agent-card.json`)
  expect(maps.stolen).toHaveLength(stolen)
})

describe('what a delegate is refused is told in words and codes', () => {
  test('by the hub when it gives no token, and when it does not let the message through', async () => {
    const caller = await callOnce({ capabilities: [{ capability: 'skill:weather/*' }] })
    const acting = weather.agent.actAs(caller)
    await expect(acting.delegate({ agent: 'nobody' }).send('x')).rejects.toMatchObject({
      code: 'invalid_target',
      status: 400,
    })
    await expect(acting.delegate({ agent: 'maps', skills: ['route'] }).send('x')).rejects.toMatchObject({
      code: 'invalid_authorization_details',
    })
    await expect(acting.delegate({ agent: 'maps' }).send('x')).rejects.toMatchObject({ name: 'HubError' })
    const before = maps.calls.length
    await expect(
      weather.agent.actAs('not.a.token').delegate({ agent: 'maps' }).send('x'),
    ).rejects.toMatchObject({ code: 'invalid_request' })
    expect(maps.calls.length).toBe(before)
  })

  test('of whoever calls with the key of an administrator, who gave no grant', async () => {
    const asked = hub.ask('weather', hub.hub.key)
    expect((await asked.send('pass maps work')).task!.status.state).toBe('TASK_STATE_FAILED')
    expect(weather.errors.at(-1)).toMatchObject({ code: 'invalid_request' })
    expect(String(weather.errors.at(-1))).toContain('stands for no grant')
  })

  test('limits hold: what was passed on once is used once', async () => {
    const delegate = weather.agent.actAs(await callOnce()).delegate({ agent: 'maps', limits: { calls: 1 } })
    await delegate.send('work')
    await expect(delegate.send('work')).rejects.toMatchObject({ status: 429 })
  })

  test('B4: a task of one caller is not there for another', async () => {
    const [mine, other] = [await callOnce(), (await hub.tokenFor()).token]
    const { task } = await weather.agent.actAs(mine).delegate({ agent: 'maps' }).send('work')
    await expect(hub.ask('maps', other).getTask(task!.id)).rejects.toMatchObject({ code: -32001 })
    expect((await weather.agent.actAs(mine).delegate({ agent: 'maps' }).getTask(task!.id)).id).toBe(task!.id)
  })
})

/** A caller as weather's guard has let them in. */
async function callOnce(terms: Parameters<DelegationHub['tokenFor']>[0] = {}) {
  const { token } = await hub.tokenFor(terms)
  await hub.ask('weather', token).send('work')
  return weather.calls.at(-1)!.caller
}
