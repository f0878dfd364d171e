import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAgentClient, textOf, type AgentEvent } from '../src/agent/index.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: any) => unknown

/** A hub from outside, which answers as a test has it, and a client of an agent there. */
async function open(answer: Answer, token: () => string | Promise<string> = () => 'the-token') {
  const seen: {
    authorization: string | undefined
    path: string
    body: any
    headers: IncomingMessage['headers']
  }[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = text === '' ? undefined : JSON.parse(text)
    const { authorization } = request.headers
    seen.push({ authorization, path: request.url!, body, headers: request.headers })
    await answer(request, response, body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const refused: string[] = []
  const client = createAgentClient({
    url: `${origin}/a2a/agents/maps/`,
    token,
    onRefused: (one) => refused.push(one),
  })
  return { client, seen, origin, refused }
}

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const result =
  (value: unknown): Answer =>
  (_request, response, { id }) =>
    json(response, { jsonrpc: '2.0', id, result: value })

test('a text is sent as a message of a user, with its conversation, its task and what belongs to it', async () => {
  const message = {
    messageId: 'a',
    role: 'ROLE_AGENT',
    parts: [{ text: 'Hi ' }, { data: 1 }, { text: 'there' }],
  }
  const { client, seen } = await open(result({ message }))
  const answer = await client.send('hello', {
    contextId: 'c',
    taskId: 't',
    metadata: { m: 1 },
    configuration: { historyLength: 0 },
    extensions: ['urn:a', 'urn:b'],
  })
  expect(textOf(answer)).toBe('Hi there')
  await client.send({ messageId: 'mine', parts: [{ data: { a: 1 } }] })
  expect(seen[0]).toMatchObject({
    path: '/a2a/agents/maps',
    authorization: 'Bearer the-token',
    headers: { 'a2a-version': '1.0', 'a2a-extensions': 'urn:a, urn:b', accept: 'application/json' },
    body: {
      jsonrpc: '2.0',
      method: 'SendMessage',
      params: {
        message: { role: 'ROLE_USER', parts: [{ text: 'hello' }], contextId: 'c', taskId: 't' },
        metadata: { m: 1 },
        configuration: { historyLength: 0 },
      },
    },
  })
  expect(seen[1]!.body.params).toEqual({
    message: { messageId: 'mine', role: 'ROLE_USER', parts: [{ data: { a: 1 } }] },
  })
})

test('a stream is told event by event, in whatever pieces it comes', async () => {
  const { client } = await open(async (_request, response, { id }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    const event = (value: unknown) => `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: value })}\n\n`
    const artifact = { artifactId: 'a', parts: [{ text: 'größer' }] }
    const text = Buffer.from(
      `: hello\n\n${event({ task: { id: 't' } })}${event({ artifactUpdate: { taskId: 't', artifact } })}`,
    )
    for (const byte of text) {
      response.write(Buffer.from([byte]))
      if (byte > 127) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    response.end()
  })
  const events: AgentEvent[] = []
  for await (const event of client.stream('go')) events.push(event)
  expect(events).toHaveLength(2)
  expect(textOf(events[1]!)).toBe('größer')
})

test('who stops listening closes the connection', async () => {
  let closed = false
  const { client } = await open((_request, response, { id }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { task: { id: 't' } } })}\n\n`)
    response.on('close', () => (closed = true))
  })
  for await (const _event of client.stream('go')) break
  await expect.poll(() => closed).toBe(true)
})

describe('an error is thrown as what it is', () => {
  test.each([
    [
      'of JSON-RPC',
      (response: ServerResponse) =>
        json(response, { jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'no task', data: [1] } }),
      { code: -32001, status: 200, message: 'no task', data: [1] },
    ],
    [
      'of the hub',
      (response: ServerResponse) => json(response, { code: 'unauthenticated', detail: 'Send a token.' }, 401),
      { code: 'unauthenticated', status: 401, message: 'Send a token.' },
    ],
    [
      'of anything else',
      (response: ServerResponse) => json(response, {}, 502),
      { code: '502', status: 502, message: 'The hub answered 502.' },
    ],
  ])('%s, in a stream and outside', async (_what, send, expected) => {
    const { client } = await open((_request, response) => send(response))
    await expect(client.send('x')).rejects.toMatchObject({ name: 'HubError', ...expected })
    await expect(client.stream('x').next()).rejects.toMatchObject({ name: 'HubError', ...expected })
    await expect(client.getTask('t')).rejects.toMatchObject(expected)
    await expect(client.cancelTask('t')).rejects.toMatchObject(expected)
  })

  test('also in the middle of a stream', async () => {
    const { client } = await open((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        'data: {"result":{"task":{"id":"t"}}}\n\ndata: {"error":{"code":4729,"message":"slow down"}}\n\n',
      )
    })
    const stream = client.stream('x')
    expect((await stream.next()).value).toMatchObject({ task: { id: 't' } })
    await expect(stream.next()).rejects.toMatchObject({ code: 4729, message: 'slow down' })
  })

  test.each(['<html>', '[]', '7', 'null', '{"result'])('an answer that is none: %s', async (text) => {
    const { client } = await open((_request, response) => response.end(text))
    await expect(client.send('x')).rejects.toThrow()
  })
})

describe('the token', () => {
  test('is asked for each time, and whoever gave it hears that it was not taken', async () => {
    let count = 0
    const { client, seen, refused } = await open(
      (_request, response) => json(response, { detail: 'no' }, 401),
      async () => `token-${++count}`,
    )
    for (const _ of [1, 2]) await client.send('x').catch(() => undefined)
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
    expect(refused).toEqual(['token-1', 'token-2'])
  })

  test('goes to the agent alone: not to its neighbours, not elsewhere, not where a redirect points', async () => {
    const { client, seen, origin } = await open((request, response) => {
      if (request.url === '/a2a/agents/maps/moved')
        response.writeHead(302, { location: `${origin}/elsewhere` })
      response.end('{}')
    })
    const card = `${origin}/a2a/agents/maps/.well-known/agent-card.json`
    await client.fetch(card)
    await client.fetch(new Request(`${origin}/a2a/agents/maps?x=1`, { headers: { 'x-mine': '1' } }))
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer the-token', 'Bearer the-token'])
    expect(seen[1]!.headers['x-mine']).toBe('1')
    const others = [
      '/a2a/agents/mapsx',
      '/a2a/agents/maps/../evil',
      '/a2a/agents',
      '/',
      '/a2a/agents/weather',
    ]
    for (const path of others) await client.fetch(origin + path)
    expect(seen.slice(2).map(({ authorization }) => authorization)).toEqual(others.map(() => undefined))
    const before = seen.length
    await expect(client.fetch(`${origin}/a2a/agents/maps/moved`)).rejects.toThrow()
    expect(seen).toHaveLength(before + 1)
  })
})

test('a signal ends what is under way', async () => {
  const { client } = await open(() => undefined)
  const controller = new AbortController()
  const asked = client.send('x', { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})
