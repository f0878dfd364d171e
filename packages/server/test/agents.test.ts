import { expect, test } from 'vitest'
import { startSdkAgent } from './sdk-agent.ts'
import { startTestHub } from './start-test-hub.ts'

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
