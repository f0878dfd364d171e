import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import {
  CreateMessageRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BY, startGrantingHub } from './granting-hub.ts'
import { openRaw, sendRaw, type RawStream } from './raw-mcp.ts'
import { openEvents, startSessionServer, textResult } from './scripted-session-server.ts'
import type { ScriptedSessionServer } from './scripted-session-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** Clients of HTTP+SSE (MCP 2024-11-05), on the addresses of all others. */

const tool = { name: 'echo', inputSchema: { type: 'object' } }
const EVENTS_ONLY = { accept: 'text/event-stream' }

let hub: TestHub
let modern: ScriptedUpstream
let legacy: ScriptedSessionServer
let plain: ScriptedSessionServer['answer']

beforeAll(async () => {
  modern = await startScriptedUpstream([tool])
  legacy = await startSessionServer([tool])
  plain = legacy.answer
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: modern.url })
  await hub.api('POST', '/api/servers', { name: 'old', url: legacy.url })
})

afterEach(() => {
  legacy.answer = plain
  modern.answer = () => ({ content: [{ type: 'text', text: 'done' }] })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await modern[Symbol.asyncDispose]()
  await legacy[Symbol.asyncDispose]()
})

async function connect(path: string, capabilities = {}) {
  const client = new Client({ name: 'sse', version: '1' }, { capabilities })
  const transport = new SSEClientTransport(new URL(hub.url + path), {
    requestInit: { headers: { ...hub.headers } },
  })
  await client.connect(transport)
  return client
}

const initialize = {
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}
const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } }

/** A stream, and the address that its first event tells. */
async function openSse(from: TestHub = hub, path = '/mcp/servers/one') {
  const stream = await openRaw(from, { method: 'GET', path, headers: EVENTS_ONLY })
  await until(() => stream.events.length > 0)
  const [first] = stream.events
  expect(first!.event).toBe('endpoint')
  const address = first!.data
  const post = (body: unknown, more = {}) => sendRaw(from, { path: address, body, ...more })
  return { stream, address, post, answer: (id: unknown) => awaitAnswer(stream, id) }
}

async function awaitAnswer(stream: RawStream, id: unknown) {
  const find = () => stream.messages.find((message) => message.id === id && message.method === undefined)
  await until(() => find() !== undefined)
  return find()
}

describe('an SDK client', () => {
  test.each(['/mcp/servers/one', '/mcp/servers/old', '/mcp'])('calls a tool at %s', async (path) => {
    const client = await connect(path)
    const { tools } = await client.listTools()
    const name = path === '/mcp' ? 'one__echo' : 'echo'
    expect(tools.map((one) => one.name)).toContain(name)
    expect(await client.callTool({ name, arguments: {} })).toEqual(textResult('done'))
    await client.close()
  })

  test('hears what is logged, is asked, and cancels', async () => {
    legacy.answer = ({ body }, res) => {
      if (body.method === undefined) {
        answered = body
        return void res.writeHead(202).end()
      }
      const send = openEvents(res)
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'on it' } })
      send({
        jsonrpc: '2.0',
        id: 'q',
        method: 'sampling/createMessage',
        params: { messages: [], maxTokens: 1 },
      })
    }
    let answered: any
    const client = await connect('/mcp/servers/old', { sampling: {} })
    const logs: unknown[] = []
    client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void logs.push(params.data),
    )
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'm',
      content: { type: 'text', text: 'mine' },
    }))
    const before = legacy.cancelled.length
    const leaving = new AbortController()
    const calling = client.callTool({ name: 'echo', arguments: {} }, undefined, { signal: leaving.signal })
    const outcome = calling.catch((error: unknown) => error)
    await until(() => answered !== undefined)
    expect(answered).toMatchObject({ id: 'q', result: { content: { text: 'mine' } } })
    expect(logs).toEqual(['on it'])
    leaving.abort('enough')
    expect(String(await outcome)).toContain('enough')
    await until(() => legacy.cancelled.length === before + 1)
    await client.close()
  })
})

describe('a stream', () => {
  test('answers a POST with 202 and the request on the stream, in the words of 2024-11-05', async () => {
    const { stream, post, answer } = await openSse()
    expect(stream.headers['content-type']).toBe('text/event-stream')
    expect(await post(initialize)).toMatchObject({ status: 202, text: '' })
    expect((await answer('init')).result.protocolVersion).toBe('2024-11-05')
    expect((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202)
    expect(await post(call)).toMatchObject({ status: 202, text: '' })
    expect((await answer(1)).result).toEqual(textResult('done'))
    stream.cut()
  })

  test('ends its session with itself: what runs is cancelled, and its address is gone', async () => {
    const held = Promise.withResolvers<void>()
    modern.answer = () => held.promise.then(() => ({ content: [] }))
    const { stream, post, answer } = await openSse()
    await post(initialize)
    await answer('init')
    const before = { calls: modern.calls.length, cancelled: modern.cancelled }
    await post(call)
    await until(() => modern.calls.length === before.calls + 1)
    stream.cut()
    await until(() => modern.cancelled === before.cancelled + 1)
    expect(await post(call)).toMatchObject({ status: 404, body: { error: { code: 4705 } } })
    held.resolve()
  })

  test('takes nothing before initialize, and initialize once', async () => {
    const { stream, post, answer } = await openSse()
    const before = modern.calls.length
    for (const early of [call, { jsonrpc: '2.0', method: 'notifications/initialized' }, [call]])
      expect(await post(early)).toMatchObject({ status: 400, body: { error: { code: -32600 } } })
    await post(initialize)
    await answer('init')
    await post({ ...initialize, id: 'again' })
    expect((await answer('again')).error.code).toBe(-32600)
    expect(modern.calls).toHaveLength(before)
    stream.cut()
  })

  test('is found by its own caller, at its own endpoint alone', async () => {
    const { stream, address, post, answer } = await openSse()
    await post(initialize)
    await answer('init')
    const before = modern.calls.length
    const none = await post(call, { headers: { authorization: 'Bearer wrong' } })
    expect(none.status).toBe(401)
    for (const path of [address.replace('/servers/one', ''), address.replace('one', 'old')])
      expect((await sendRaw(hub, { path, body: call })).status).toBe(404)
    const other = await openSse()
    expect(other.address).not.toBe(address)
    expect((await post(call, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect(modern.calls).toHaveLength(before)
    stream.cut()
    other.stream.cut()
  })

  test.each([
    ['without a credential', { authorization: '' }, 401],
    ['from a foreign page', { origin: 'https://evil.example' }, 403],
    ['for a foreign host', { host: 'evil.example' }, 421],
    ['of a client that would take JSON', { accept: 'application/json, text/event-stream' }, 405],
    ['of a client that names a revision', { 'mcp-protocol-version': '2026-07-28' }, 405],
  ])('is not opened %s', async (_what, headers, status) => {
    const reply = await sendRaw(hub, { method: 'GET', headers: { ...EVENTS_ONLY, ...headers } })
    expect(reply.status).toBe(status)
    expect(reply.text).not.toContain('endpoint')
  })

  test('is not opened for a server that is not there', async () => {
    const reply = await sendRaw(hub, { method: 'GET', path: '/mcp/servers/none', headers: EVENTS_ONLY })
    expect(reply.status).toBe(404)
  })
})

test('D7: streams count against their caller’s, before initialize too', async () => {
  await using small = await startTestHub('limits: { streamsPerPrincipal: 2 }\n')
  await small.api('POST', '/api/servers', { name: 'one', url: modern.url })
  const open = [await openSse(small), await openSse(small)]
  const refused = await sendRaw(small, { method: 'GET', path: '/mcp/servers/one', headers: EVENTS_ONLY })
  expect(refused.status).toBe(429)
  for (const { stream } of open) stream.cut()
})

test('R15: a draining hub answers what is under way, and then ends the stream', async () => {
  const held = Promise.withResolvers<void>()
  modern.answer = () => held.promise.then(() => textResult('late'))
  await using stopping = await startTestHub()
  await stopping.api('POST', '/api/servers', { name: 'one', url: modern.url })
  const { stream, post, answer } = await openSse(stopping)
  const idle = await openSse(stopping)
  await post(initialize)
  await answer('init')
  const before = modern.calls.length
  await post(call)
  await until(() => modern.calls.length === before + 1)
  const drained = stopping.hub.drain()
  await idle.stream.ended
  held.resolve()
  await stream.ended
  expect(stream.messages.at(-1)).toMatchObject({ id: 1, result: textResult('late') })
  expect(await drained).toBe(true)
})

test('G7: a grant that ends cuts the stream and what runs in it', async () => {
  await using granting = await startGrantingHub()
  const grant = await granting.grant(['tool:one/look'])
  const caller = granting.as(granting.token(grant))
  const { stream, post, answer } = await openSse(caller)
  await post(initialize)
  await answer('init')
  const missing = await post({ ...call, id: 2, params: { name: 'change', arguments: {} } })
  expect(missing.status).toBe(403)
  expect(missing.headers['www-authenticate']).toContain('insufficient_scope')
  expect(granting.upstream.calls).toEqual([])
  granting.upstream.answer = () => new Promise(() => undefined)
  await post({ ...call, params: { name: 'look', arguments: {} } })
  await until(() => granting.upstream.calls.length === 1)
  await granting.hub.grants.revoke(grant, BY)
  await stream.ended
  await until(() => granting.upstream.cancelled === 1)
  expect((await post(call)).status).toBe(401)
})
