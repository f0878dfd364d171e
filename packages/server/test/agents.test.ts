import { expect, test } from 'vitest'
import { WELL_KNOWN, sampleCard, startCardHost } from '../src/directory/test-kit.ts'
import { startSdkAgent } from './sdk-agent.ts'
import { startTestHub, until } from './start-test-hub.ts'

test('an agent of the SDK is added by its address, listed with what its card says, and removed', async () => {
  await using agent = await startSdkAgent({ name: 'Weather', bindings: ['JSONRPC', 'HTTP+JSON'] })
  await using hub = await startTestHub()
  const added = await hub.api('POST', '/api/cards', { name: 'weather', url: agent.origin })
  expect(added).toMatchObject({
    status: 200,
    body: {
      name: 'weather',
      state: 'approved',
      title: 'Weather',
      cardUrl: agent.cardUrl,
      interface: { url: agent.url('JSONRPC'), protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      agent: null,
      reason: null,
      endpoint: `${hub.url}/a2a/agents/weather`,
    },
  })
  const listed = await hub.api('GET', '/api/cards')
  expect(listed.body.cards.map(({ name }: { name: string }) => name)).toEqual(['weather'])
  expect((await hub.api('DELETE', '/api/cards/weather')).body).toEqual({ removed: 'weather' })
  expect((await hub.api('GET', '/api/cards/weather')).status).toBe(404)
})

test('an agent of parley.yaml is there at the start, under its name and nobody else’s', async () => {
  await using agent = await startSdkAgent({ name: 'Weather', bindings: ['JSONRPC'] })
  await using hub = await startTestHub(
    JSON.stringify({ agents: { weather: { card: agent.origin, public: true } } }),
  )
  await until(async () => (await hub.api('GET', '/api/cards/weather')).body.served === true)
  expect((await hub.api('GET', '/api/cards/weather')).body).toMatchObject({
    source: 'file',
    public: true,
    approvedBy: 'hub',
  })
  expect((await hub.api('DELETE', '/api/cards/weather')).status).toBe(409)
  expect((await hub.api('PATCH', '/api/cards/weather', { public: false })).status).toBe(409)
  const server = { name: 'weather', url: 'http://127.0.0.1:1/mcp' }
  expect((await hub.api('POST', '/api/servers', server)).status).toBe(409)
  expect((await hub.api('POST', '/api/servers', { ...server, name: 'weath-er' })).status).toBe(409)
  expect((await hub.api('POST', '/api/agents', { name: 'weath-er' })).status).toBe(409)
  expect((await hub.api('POST', '/api/agents', { name: 'weather' })).status).toBe(200)
  expect((await hub.api('GET', '/api/cards/weather')).body.agent).toMatch(/^agt_/)
})

test.each(['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)(
  'an agent is tried over %s in both versions, and does nothing',
  async (binding) => {
    await using agent = await startSdkAgent({ name: 'Weather' })
    await using hub = await startTestHub()
    const allowHosts = [new URL(agent.url('GRPC')).host]
    for (const version of ['1.0', '0.3']) {
      const name = version === '1.0' ? 'weather-new' : 'weather-old'
      const card = { name, url: agent.origin, binding, version, allowHosts, pending: true }
      const added = await hub.api('POST', '/api/cards', card)
      const { hash } = added.body
      const approved = await hub.api('POST', `/api/cards/${name}/review`, { hash, verdict: 'approve' })
      expect(approved.body).toMatchObject({ served: true, interface: { protocolBinding: binding } })
      const tested = await hub.api('POST', `/api/cards/${name}/test`)
      expect(tested.body).toMatchObject({ ok: true })
      expect(tested.body.steps.at(-1).detail).toContain(`${binding} ${version}`)
      expect((await hub.api('GET', `/api/cards/${name}`)).body.health.state).toBe('ready')
    }
    expect(agent.executor.received).toEqual([])
  },
)

test('a card of 0.3 alone is read, and its agent tried', async () => {
  await using agent = await startSdkAgent({ name: 'Older', versions: ['0.3'] })
  const host = await startCardHost()
  host.cards.set(WELL_KNOWN, {
    card: {
      protocolVersion: '0.3.0',
      name: 'Older',
      description: 'Of 0.3.',
      url: agent.url('JSONRPC'),
      preferredTransport: 'JSONRPC',
      version: '1',
      capabilities: {},
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [{ id: 'work', name: 'Work', description: 'Works.', tags: ['x'] }],
    },
  })
  await using hub = await startTestHub()
  const allowHosts = [new URL(agent.origin).host]
  const added = await hub.api('POST', '/api/cards', { name: 'older', url: host.origin, allowHosts })
  expect(added.body).toMatchObject({
    served: true,
    interface: { protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  })
  expect((await hub.api('POST', '/api/cards/older/test')).body).toMatchObject({ ok: true })
  await host.close()
})

test('what cannot be asked is told step by step', async () => {
  const host = await startCardHost()
  await using hub = await startTestHub()
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`) })
  await hub.api('POST', '/api/cards', { name: 'weather', url: host.origin })
  const { body } = await hub.api('POST', '/api/cards/weather/test')
  expect(body.ok).toBe(false)
  expect(body.steps.map(({ step, ok }: { step: string; ok: boolean }) => [step, ok])).toEqual([
    ['read the card', true],
    ['is it approved', true],
    ['ask the agent', false],
  ])
  await host.close()
})
