import { describe, expect, it } from 'vitest'
import { initializeResult, openEvents, sendJson, startRaw, type Received } from './fixtures/raw-server.ts'
import { codeOf, openHttp, recorder, textOf, unending, until } from './fixtures/test-kit.ts'
import type { ServerResponse } from 'node:http'

const TERMS = { capabilities: { sampling: {} }, clientInfo: { name: 't', version: '1' } }
const text = (value: string) => ({ content: [{ type: 'text', text: value }] })

/** A server of HTTP+SSE: `answer` has the stream's sender for each message that is POSTed. */
function httpSse(
  answer: (received: Received, send: (message: unknown) => void) => void,
  { endpoint = '/messages?s=1', version = '2024-11-05', status = 202 } = {},
) {
  let stream: ServerResponse | undefined
  return (received: Received, res: ServerResponse) => {
    if (received.method === 'GET') {
      stream = res
      res.once('close', () => (stream = stream === res ? undefined : stream))
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      return void res.write(`event: endpoint\ndata: ${endpoint}\n\n`)
    }
    const send = (message: unknown) => stream!.write(`data: ${JSON.stringify(message)}\n\n`)
    const { id, method } = received.body
    if (method === 'server/discover' || received.method !== 'POST' || !stream)
      return void res.writeHead(404).end()
    if (method === 'initialize') {
      res.writeHead(202).end('Accepted')
      return void send({ jsonrpc: '2.0', id, result: initializeResult(version, { prompts: {} }) })
    }
    if (method?.startsWith('notifications/') !== true) answer(received, send)
    res.writeHead(status).end()
  }
}

describe('a server of HTTP+SSE', () => {
  const echo = httpSse(({ body }, send) => send({ jsonrpc: '2.0', id: body.id, result: text('done') }))

  it('is found after Streamable HTTP was refused, and spoken with by its address alone', async () => {
    await using server = await startRaw(echo)
    await using opened = openHttp(server.url)
    const info = await opened.upstream.info()
    expect(info).toMatchObject({ era: '2025-11-25', revision: '2024-11-05', isHttpSse: true })
    // 2024-11-05 has no capability for completion: it may be there.
    expect(info.capabilities).toEqual({ prompts: {}, completions: {} })
    const channel = await opened.upstream.openSession(TERMS, unending())
    expect(textOf(await channel.exchange('tools/call', {}, recorder(), unending()))).toBe('done')
    const ways = server.received.map(({ method, body }) => `${method} ${body.method ?? ''}`)
    expect(ways.slice(0, 3)).toEqual(['POST server/discover', 'POST initialize', 'GET '])
    const call = server.received.at(-1)!
    expect(call.headers['mcp-protocol-version']).toBeUndefined()
    expect(call.headers['mcp-session-id']).toBeUndefined()
  })

  it.each([
    ['another host', 'http://127.0.0.2:1/messages'],
    ['another port', 'http://127.0.0.1:1/messages'],
    ['another scheme', 'file:///etc/passwd'],
    ['no host at all', '//evil.example/messages'],
    ['something too long', `/${'x'.repeat(5000)}`],
    ['something unreadable', 'http://['],
  ])('that says to POST to %s gets nothing', async (_what, endpoint) => {
    await using elsewhere = await startRaw((_, res) => void res.writeHead(202).end())
    await using server = await startRaw(
      httpSse(() => undefined, { endpoint: endpoint.replace(':1/', `:${new URL(elsewhere.url).port}/`) }),
    )
    await using opened = openHttp(server.url)
    expect(await codeOf(opened.upstream.info())).toBe('upstream_invalid')
    expect(elsewhere.received).toEqual([])
    await until(() => server.open.size === 0)
    expect(
      server.received.some(({ method, body }) => method === 'POST' && body.method?.startsWith('noti')),
    ).toBe(false)
  })

  it.each([400, 404, 405, 422])('is looked for after HTTP %d', async (status) => {
    await using server = await startRaw((received, res) => {
      const isFirst = received.method === 'POST' && server.received.every(({ method }) => method === 'POST')
      return isFirst ? void res.writeHead(status).end() : echo(received, res)
    })
    await using opened = openHttp(server.url)
    expect(await opened.upstream.info()).toMatchObject({ isHttpSse: true })
  })

  it.each([401, 403, 429, 503])('is not looked for after HTTP %d', async (status) => {
    await using server = await startRaw((_, res) => void res.writeHead(status).end())
    await using opened = openHttp(server.url)
    expect(await codeOf(opened.upstream.info())).toBe('upstream_unavailable')
    expect(server.received.some(({ method }) => method === 'GET')).toBe(false)
  })

  it('that closes its stream before the address has not been one', async () => {
    await using server = await startRaw(({ method }, res) => {
      if (method === 'POST') return void res.writeHead(405).end()
      res.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n')
    })
    await using opened = openHttp(server.url)
    const failure = await opened.upstream.info().catch((error: unknown) => String(error))
    expect(failure).toContain('405')
  })

  it('that refuses a message fails the call it is in', async () => {
    await using server = await startRaw(httpSse(() => undefined, { status: 413 }))
    await using opened = openHttp(server.url)
    const channel = await opened.upstream.openSession(TERMS, unending())
    expect(await codeOf(channel.exchange('tools/call', {}, recorder(), unending()))).toBe(
      'upstream_unavailable',
    )
  })

  it('that ends its stream ends what runs, and is connected to anew', async () => {
    let cut = true
    await using server = await startRaw((received, res) => {
      if (received.body.method === 'tools/call' && cut) {
        cut = false
        for (const one of server.open) one.destroy()
      } else echo(received, res)
    })
    await using opened = openHttp(server.url)
    const channel = await opened.upstream.openSession(TERMS, unending())
    expect(await codeOf(channel.exchange('tools/call', {}, recorder(), unending()))).toBe(
      'upstream_unavailable',
    )
    await until(() => channel.closed)
    const next = await opened.upstream.openSession(TERMS, unending())
    expect(textOf(await next.exchange('tools/call', {}, recorder(), unending()))).toBe('done')
  })
})

/** A session server of Streamable HTTP that does as told with everything after the handshake. */
function streamable(
  version: string,
  answer: (received: Received, res: ServerResponse) => void,
  refuse?: (asked: unknown) => object | undefined,
) {
  return (received: Received, res: ServerResponse) => {
    const { id, method, params } = received.body
    if (method === 'server/discover') return void res.writeHead(400).end()
    if (received.method !== 'POST' || method?.startsWith('notifications/'))
      return void res.writeHead(202).end()
    if (method !== 'initialize') return answer(received, res)
    const error = refuse?.(params?.['protocolVersion'])
    if (error) return sendJson(res, { jsonrpc: '2.0', id, error })
    sendJson(res, { jsonrpc: '2.0', id, result: initializeResult(version) }, 200, { 'mcp-session-id': 's' })
  }
}

it('a server that refuses the newest revision is asked for the one it names', async () => {
  const data = { supported: ['1999-01-01', '2024-11-05', '2025-03-26'], requested: '2025-11-25' }
  const refuse = (asked: unknown) =>
    asked === '2025-03-26' ? undefined : { code: -32602, message: 'Unsupported protocol version', data }
  await using server = await startRaw(streamable('2025-03-26', () => undefined, refuse))
  await using opened = openHttp(server.url)
  expect(await opened.upstream.info()).toMatchObject({ revision: '2025-03-26' })
  const asked = server.received.filter(({ body }) => body.method === 'initialize')
  expect(asked.map(({ body }) => body.params!['protocolVersion'])).toEqual(['2025-11-25', '2025-03-26'])
})

describe('a batch of a server', () => {
  const log = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'first' } }
  const batch = (id: unknown) => [log, { jsonrpc: '2.0', id, result: text('done') }]
  const ways: [string, (received: Received, res: ServerResponse) => void][] = [
    ['JSON', ({ body }, res) => sendJson(res, batch(body.id))],
    ['an event', ({ body }, res) => openEvents(res)(batch(body.id))],
  ]

  it.each(ways)('as %s is heard from 2025-03-26', async (_what, answer) => {
    await using server = await startRaw(streamable('2025-03-26', answer))
    await using opened = openHttp(server.url)
    const channel = await opened.upstream.openSession(TERMS, unending())
    const events = recorder()
    expect(textOf(await channel.exchange('tools/call', {}, events, unending()))).toBe('done')
    expect(events.notifications.map(({ params }) => params?.['data'])).toEqual(['first'])
  })

  it.each(['2025-11-25', '2025-06-18', '2024-11-05'])('is no answer from %s', async (version) => {
    for (const [, answer] of ways) {
      await using server = await startRaw(streamable(version, answer))
      await using opened = openHttp(server.url)
      const channel = await opened.upstream.openSession(TERMS, unending())
      const events = recorder()
      expect(await codeOf(channel.exchange('tools/call', {}, events, unending()))).toBe('upstream_invalid')
      expect(events.notifications).toEqual([])
    }
  })

  it('is bounded', async () => {
    const many = Array.from({ length: 1001 }, () => log)
    await using server = await startRaw(streamable('2025-03-26', (_, res) => sendJson(res, many)))
    await using opened = openHttp(server.url)
    const channel = await opened.upstream.openSession(TERMS, unending())
    expect(await codeOf(channel.exchange('tools/call', {}, recorder(), unending()))).toBe('upstream_invalid')
  })
})

it('what a server’s revision does not know is left out of what it is sent', async () => {
  const answers: any[] = []
  const answer = ({ body }: Received, res: ServerResponse) => {
    if (body.method === undefined) {
      answers.push(body)
      return void res.writeHead(202).end()
    }
    const send = openEvents(res)
    if (body.method === 'tools/call')
      send({ jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage', params: {} })
    void until(() => body.method !== 'tools/call' || answers.length > 0).then(() => {
      send({ jsonrpc: '2.0', id: body.id, result: text('done') })
      res.end()
    })
  }
  await using server = await startRaw(streamable('2025-03-26', answer))
  await using opened = openHttp(server.url)
  const channel = await opened.upstream.openSession(TERMS, unending())
  const params = { ref: {}, argument: {}, context: { arguments: {} } }
  await channel.exchange('completion/complete', params, recorder(), unending())
  expect(server.received.at(-1)!.body.params).toEqual({ ref: {}, argument: {} })
  const blocks = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]
  const events = recorder(() =>
    Promise.resolve({ result: { role: 'assistant', model: 'm', content: blocks } }),
  )
  await channel.exchange('tools/call', {}, events, unending())
  expect(answers[0].result.content).toEqual({ type: 'text', text: 'a\nb' })
})
