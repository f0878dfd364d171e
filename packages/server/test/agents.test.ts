import { expect, test } from 'vitest'
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
