import { expect, test } from 'vitest'
import { modernRequest, startScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

test('R15: a draining hub answers the calls under way in both eras, and ends standing streams', async () => {
  const held = Promise.withResolvers<void>()
  await using upstream = await startScriptedUpstream([{ name: 'slow', inputSchema: { type: 'object' } }])
  upstream.answer = async () => {
    await held.promise
    return { content: [{ type: 'text', text: 'done' }] }
  }
  await using hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: upstream.url })
  const session = await openSession(hub)
  const standing = await fetch(`${hub.url}/mcp/servers/one`, {
    headers: { ...session, accept: 'text/event-stream' },
  })
  const { headers, body } = modernRequest('tools/call', { name: 'slow', arguments: {} })
  const legacy = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow', arguments: {} } }
  const replies = [post(hub, { ...hub.headers, ...headers }, body), post(hub, session, legacy)]
  await until(() => upstream.calls.length === 2)
  const drained = hub.hub.drain()
  await standing.text()
  held.resolve()
  for (const reply of replies) expect(await (await reply).text()).toContain('"text":"done"')
  expect(await drained).toBe(true)
})

async function openSession(hub: TestHub): Promise<Record<string, string>> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  }
  const headers = {
    ...hub.headers,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const opened = await post(hub, headers, { jsonrpc: '2.0', id: 1, method: 'initialize', params })
  await opened.text()
  return { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
}

function post(hub: TestHub, headers: Record<string, string>, body: unknown): Promise<Response> {
  return fetch(`${hub.url}/mcp/servers/one`, { method: 'POST', headers, body: JSON.stringify(body) })
}
