import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

const KEY = {
  securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Api-Key' } } },
  securityRequirements: [{ schemes: { key: { list: [] } } }],
}
const SECRET = 'a-secret-of-the-agent'
const PATH = '/api/cards/helper/connection'

async function open(card: object): Promise<AgentHub> {
  const opened = await startAgentHub({ agent: { card: { ...card } } })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  return opened
}

/** The headers that the agent gets. */
async function headersAt({ rpc }: AgentHub): Promise<Record<string, string>> {
  const { result, error } = await rpc('SendMessage', say('headers'))
  expect(error).toBeUndefined()
  return result.message.parts[0].data
}

test('B3: an agent gets the key that its card asks for, and is not asked before there is one', async () => {
  const opened = await open(KEY)
  const { hub, rpc, agent } = opened
  const refused = await rpc('SendMessage', say('echo hello'))
  expect(refused.error).toMatchObject({
    code: 4711,
    message: expect.stringMatching(
      /^The agent asks for "key": a key in a header\. .*parley agents connect helper/,
    ),
  })
  expect(agent.executor.received).toEqual([])

  expect((await hub.api('GET', PATH)).body).toEqual({
    asks: [[{ scheme: 'key', kind: 'key' }]],
    connections: [],
  })
  const set = await hub.api('PUT', PATH, { secret: SECRET, account: 'ours' })
  expect([set.status, set.body]).toMatchObject([
    200,
    { agent: 'helper', person: null, account: 'ours', state: 'connected' },
  ])
  expect(await headersAt(opened)).toMatchObject({ 'x-api-key': SECRET })

  // It goes in and never out again.
  const told = [
    set.body,
    (await hub.api('GET', PATH)).body,
    (await hub.api('GET', '/api/activity?limit=50')).body,
    hub.logs,
  ]
  expect(JSON.stringify(told)).not.toContain(SECRET)
  const files = ['parley.db', 'parley.db-wal'].map((file) => readFileSync(join(hub.dataDir, file)))
  expect(Buffer.concat(files).includes(SECRET)).toBe(false)

  expect((await hub.api('DELETE', PATH)).status).toBe(200)
  expect((await rpc('SendMessage', say('echo hello'))).error.code).toBe(4711)
})

test('headers are typed where the card does not say it; what could begin another header is refused', async () => {
  const opened = await open({})
  const { hub } = opened
  const put = (body: object) => hub.api('PUT', PATH, body)
  expect((await put({ headers: [{ name: 'X-Tenant', value: 'a\r\nx-b: c' }] })).status).toBe(400)
  expect((await put({ headers: [{ name: 'A2A-Version', value: '0.3' }] })).status).toBe(400)
  expect((await put({ secret: 'a\nb' })).status).toBe(400)
  expect((await put({})).status).toBe(400)
  expect((await hub.api('PUT', '/api/cards/nobody/connection', { secret: 'x' })).status).toBe(404)
  expect((await put({ headers: [{ name: 'X-Tenant', value: '7' }] })).status).toBe(200)
  const headers = await headersAt(opened)
  expect(headers).toMatchObject({ 'x-tenant': '7' })
  // The caller's own credential never leaves the hub.
  expect(JSON.stringify(headers)).not.toContain(hub.key)
  expect(headers).not.toHaveProperty('authorization')
})

test('what is kept for an agent ends with it', async () => {
  const opened = await open(KEY)
  const { hub, rpc, agent } = opened
  await hub.api('PUT', PATH, { secret: SECRET })
  expect((await hub.api('DELETE', '/api/cards/helper')).status).toBe(200)
  const allowHosts = [new URL(agent.url('GRPC')).host]
  const added = await hub.api('POST', '/api/cards', { name: 'helper', url: agent.cardUrl, allowHosts })
  expect(added.status).toBe(200)
  expect((await hub.api('GET', PATH)).body.connections).toEqual([])
  expect((await rpc('SendMessage', say('echo hello'))).error.code).toBe(4711)
})

test('B3: an agent that asks for what the hub does not do is not asked', async () => {
  const { rpc, agent } = await open({
    securitySchemes: { tls: { mtlsSecurityScheme: {} } },
    securityRequirements: [{ schemes: { tls: { list: [] } } }],
  })
  const { error } = await rpc('SendMessage', say('echo hello'))
  expect(error).toMatchObject({ code: 4711, message: expect.stringContaining('certificate of the client') })
  expect(agent.executor.received).toEqual([])
})
