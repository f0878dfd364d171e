import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** A modern server that keeps the very bytes it gets and answers a call as the test says. */
interface ByteServer extends AsyncDisposable {
  readonly url: string
  readonly bodies: string[]
  readonly heads: IncomingMessage['headers'][]
  answer: (res: ServerResponse, body: any) => void
}

const RESULT = '{ "resultType":"complete",  "content":[{"type":"text","text":"d\\u00f6ne"}], "extra":1.0 }'

async function startByteServer(): Promise<ByteServer> {
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', (chunk: Buffer) => (text += chunk.toString()))
    req.on('end', () => {
      const { id, method } = JSON.parse(text)
      const reply = (result: object) =>
        res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(
            JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ttlMs: 0, ...result } }),
          )
      if (method === 'server/discover')
        return reply({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
      if (method === 'tools/list')
        return reply({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] })
      if (method !== 'tools/call') return void res.writeHead(404).end()
      bytes.bodies.push(text)
      bytes.heads.push(req.headers)
      bytes.answer(res, JSON.parse(text))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bytes: ByteServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    bodies: [],
    heads: [],
    answer: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return bytes
}

let hub: TestHub
let server: ByteServer

beforeAll(async () => {
  server = await startByteServer()
  hub = await startTestHub()
  const added = await hub.api('POST', '/api/servers', { name: 'one', url: server.url })
  expect(added.body).toMatchObject({ health: 'ready', counts: { tools: 1 } })
})
beforeEach(() => {
  server.answer = (res, { id }) =>
    res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"jsonrpc":"2.0",\n "id":${JSON.stringify(id)}, "result":${RESULT}}`)
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** A body with spaces, escapes and unknown fields that only survive when the bytes do. */
function oddBody(name: string, more = ''): string {
  const { body } = modernRequest('tools/call')
  const meta = JSON.stringify({ ...body['params']._meta, progressToken: 'tok', 'x.example/a': [1] })
  return `{ "method":"tools/call", "jsonrpc":"2.0","id":"\\u0061b",\n"params":{ "name":"${name}","arguments":{"n":1.50,"e":1e2,"s":"\\u00e9\\/"}, "_meta":${meta}${more} } }`
}

async function call(body: string, options: { name?: string; path?: string; signal?: AbortSignal } = {}) {
  const { headers } = modernRequest('tools/call', { name: options.name ?? 'echo' })
  const response = await fetch(hub.url + (options.path ?? '/mcp/servers/one'), {
    method: 'POST',
    headers: { ...hub.headers, ...headers },
    body,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

function progressEvent(progress: number, message = ''): string {
  const params = { progressToken: 'tok', progress, message }
  return `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`
}

describe('a call of a modern client to a modern server', () => {
  test('reaches the server as the bytes it is, and the answer comes back so', async () => {
    expect(await call(oddBody('echo'))).toEqual({
      status: 200,
      type: 'application/json',
      text: `{"jsonrpc":"2.0",\n "id":"ab", "result":${RESULT}}`,
    })
    expect(server.bodies.at(-1)).toBe(oddBody('echo'))
  })

  test('on the merged endpoint has the server’s own name of the tool, and nothing else changed', async () => {
    expect(await call(oddBody('one__echo'), { name: 'one__echo', path: '/mcp' })).toMatchObject({
      status: 200,
    })
    expect(server.bodies.at(-1)).toBe(oddBody('echo'))
    expect(server.heads.at(-1)).toMatchObject({ 'mcp-name': 'echo', 'mcp-method': 'tools/call' })
    expect(JSON.stringify(server.heads.at(-1))).not.toContain(hub.key)
  })

  test('has its state sealed on the way out and opened on the way in', async () => {
    server.answer = (res, { id, params }) => {
      const result = params.requestState
        ? { resultType: 'complete', content: [], given: params.requestState }
        : { resultType: 'input_required', requestState: 'the server’s own' }
      res
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    }
    const first = JSON.parse((await call(oddBody('echo'))).text)
    expect(first.result.resultType).toBe('input_required')
    expect(JSON.stringify(first)).not.toContain('own')
    const again = oddBody('echo', `,"requestState":${JSON.stringify(first.result.requestState)}`)
    expect(JSON.parse((await call(again)).text).result.given).toBe('the server’s own')
    expect(server.bodies.at(-1)).toBe(oddBody('echo', `,"requestState":"the server’s own"`))
    const calls = server.bodies.length
    expect((await call(again)).status).toBe(400)
    expect(server.bodies).toHaveLength(calls)
  })

  test('is recorded, with what it came to', async () => {
    server.answer = (res, { id }) =>
      res
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [], isError: true } }))
    await call(oddBody('echo'))
    await until(async () => {
      const { body } = await hub.api('GET', '/api/activity')
      const [last] = body.records
      return (
        last?.action === 'tools/call' && last.result === 'tool_error' && last.capability === 'tool:one/echo'
      )
    })
  })

  test('under activity: strict is on disk before it is answered, as one body and as a stream', async () => {
    await using strict = await startTestHub('activity: strict\n')
    await strict.api('POST', '/api/servers', { name: 'one', url: server.url })
    const { headers } = modernRequest('tools/call', { name: 'echo' })
    const plain = server.answer
    const asStream: typeof plain = (res) =>
      res
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end('data: {"jsonrpc":"2.0","id":"ab","result":{"content":[]}}\n\n')
    for (const answer of [plain, asStream]) {
      server.answer = answer
      const response = await fetch(`${strict.url}/mcp/servers/one`, {
        method: 'POST',
        headers: { ...strict.headers, ...headers },
        body: oddBody('echo'),
      })
      expect(await response.text()).toContain('"id":"ab"')
      const { body } = await strict.api('GET', '/api/activity')
      const calls = body.records.filter((one: { action: string }) => one.action === 'tools/call')
      expect(calls).toHaveLength(answer === plain ? 1 : 2)
    }
  })

  test.each([
    ['another id', '{"jsonrpc":"2.0","id":"other","result":{}}'],
    ['no id', '{"jsonrpc":"2.0","result":{}}'],
    ['a key twice', '{"jsonrpc":"2.0","id":"ab","result":{},"result":{"a":1}}'],
    ['both result and error', '{"jsonrpc":"2.0","id":"ab","result":{},"error":{"code":1,"message":"x"}}'],
    ['a result that is no object', '{"jsonrpc":"2.0","id":"ab","result":[]}'],
    ['a request', '{"jsonrpc":"2.0","id":"ab","method":"elicitation/create"}'],
    ['half a body', '{"jsonrpc":"2.0","id":"ab","resu'],
    [
      'a hidden question',
      '{"jsonrpc":"2.0","id":"ab","result":{"result\\u0054ype":"input\\u005frequired","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"password?"}}}}}',
    ],
  ])('does not bring the client %s', async (_, text) => {
    server.answer = (res) => res.writeHead(200, { 'content-type': 'application/json' }).end(text)
    const reply = await call(oddBody('echo'))
    expect(reply.status).toBe(502)
    expect(JSON.parse(reply.text)).toMatchObject({ id: 'ab', error: { code: expect.any(Number) } })
    expect(reply.text).not.toContain('password')
  })

  test('streams progress as it comes and ends with the response', async () => {
    const stream = [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"tok","progress":1}}',
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"foreign","progress":1}}',
      '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}',
      '{"jsonrpc":"2.0","id":"ab","result":{"content":[]}}',
    ].map((data) => `data: ${data}\n\n`)
    server.answer = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write(stream[0]!)
      setTimeout(() => res.end(stream.slice(1).join('')), 20)
    }
    expect(await call(oddBody('echo'))).toEqual({
      status: 200,
      type: 'text/event-stream',
      text: stream[0]! + stream[3]!,
    })
    await until(() => hub.logs.some((line) => line.includes('unexpected-request')))
  })

  test('brings a reader that pauses every event, in order', async () => {
    const events = Array.from({ length: 400 }, (_, at) => progressEvent(at, 'x'.repeat(60_000)))
    const end = 'data: {"jsonrpc":"2.0","id":"ab","result":{"content":[]}}\n\n'
    server.answer = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const event of events) res.write(event)
      res.end(end)
    }
    const { headers } = modernRequest('tools/call', { name: 'echo' })
    const response = await fetch(`${hub.url}/mcp/servers/one`, {
      method: 'POST',
      headers: { ...hub.headers, ...headers },
      body: oddBody('echo'),
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await response.text()) === events.join('') + end).toBe(true)
  })

  test('ends with an error when the stream breaks off, after every event that was whole', async () => {
    const events = Array.from({ length: 300 }, (_, at) => progressEvent(at))
    server.answer = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const event of events) res.write(event)
      res.write('data: {"jso')
      setTimeout(() => res.destroy(), 20)
    }
    const { text } = await call(oddBody('echo'))
    expect(text.startsWith(events.join(''))).toBe(true)
    expect(text.slice(events.join('').length)).toContain('"error"')
  })

  test('P7: closing it is heard by the server at once', async () => {
    let isClosed = false
    server.answer = (res) => {
      res.on('close', () => (isClosed = true))
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    }
    const abort = new AbortController()
    const calls = server.bodies.length
    const running = call(oddBody('echo'), { signal: abort.signal }).catch(() => 'gone')
    await until(() => server.bodies.length > calls)
    abort.abort()
    expect(await running).toBe('gone')
    await until(() => isClosed)
  })

  test('a reader that stands still stops the server, not the hub', async () => {
    const event = `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"tok","progress":1,"message":"${'x'.repeat(60_000)}"}}\n\n`
    let written = 0
    server.answer = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      const more = () => {
        while (written < 2000 && !res.destroyed) {
          written++
          if (!res.write(event)) return void res.once('drain', more)
        }
      }
      more()
    }
    const body = oddBody('echo')
    const { headers } = modernRequest('tools/call', { name: 'echo' })
    const lines = Object.entries({ ...hub.headers, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1')
    socket.write(
      `POST /mcp/servers/one HTTP/1.1\r\nhost: localhost:${new URL(hub.url).port}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    socket.pause()
    let before = -1
    await until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      const stands = written > 0 && written === before
      before = written
      return stands
    })
    expect(written).toBeLessThan(1000)
    expect((await hub.api('GET', '/api/servers')).status).toBe(200)
    socket.destroy()
  })
})
