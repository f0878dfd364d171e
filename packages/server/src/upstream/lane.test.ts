import type { ServerResponse } from 'node:http'
import type { ParleyError } from '@parley/contract'
import { describe, expect, it } from 'vitest'
import { done, endless, legacy, modern, raw } from './fixtures/hostile-http.ts'
import { sendJson, type Received } from './fixtures/raw-server.ts'
import { until } from './fixtures/test-kit.ts'
import type { Lane } from './lane.ts'

const BODY = Buffer.from('{"jsonrpc":"2.0",  "id":7,"method":"tools/call","params":{"name":"x"}}')
const HEAD = 'mcp-method: tools/call\r\nmcp-name: x\r\n'

/** Sends one call and gathers what comes of it. */
function send(lane: Lane, onEvents?: (chunk: Buffer) => void) {
  const heard: string[] = []
  const over = Promise.withResolvers<string[]>()
  const exchange = lane.send(
    { head: HEAD, body: BODY },
    {
      onJson: (body) => (heard.push(body.toString()), over.resolve(heard)),
      onStream: () => void heard.push('stream'),
      onEvents: (chunk) => (onEvents?.(chunk), void heard.push(chunk.toString())),
      onEnd: () => (heard.push('end'), over.resolve(heard)),
      onError: (error: ParleyError) => (heard.push(error.code), over.resolve(heard)),
    },
  )
  return { exchange, heard, over: over.promise }
}

async function laneTo(answer: (received: Received, res: ServerResponse) => void, limits = {}) {
  const house = await modern(answer, limits)
  return { ...house, lane: house.upstream.lane()! }
}

describe('the lane', () => {
  it('brings the bytes as they are, with the headers of a modern request', async () => {
    await using house = await laneTo(({ text, headers }, res) => {
      sendJson(res, { text, sent: headers })
    })
    const [answer] = await send(house.lane).over
    const { text, sent } = JSON.parse(answer!) as { text: string; sent: Record<string, string> }
    expect(text).toBe(BODY.toString())
    expect(sent).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'x',
      'content-length': String(BODY.length),
    })
  })

  it('is not there for a server with sessions, nor before the era is known', async () => {
    await using house = await legacy(({ body }, res) => sendJson(res, done(body.id)))
    expect(house.upstream.lane()).toBeUndefined()
    await house.upstream.info()
    expect(house.upstream.lane()).toBeUndefined()
  })

  it('passes a stream on as it comes, and its end', async () => {
    await using house = await laneTo((_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      res.write('data: 1\n')
      setTimeout(() => res.end('\ndata: 2\n\n'), 20)
    })
    const heard = await send(house.lane).over
    expect(heard[0]).toBe('stream')
    expect(heard.slice(1, -1).join('')).toBe('data: 1\n\ndata: 2\n\n')
    expect(heard.at(-1)).toBe('end')
  })

  it.each([
    ['an answer that is no JSON-RPC under an error status', 500, '<h1>no</h1>', 'upstream_unavailable'],
    ['refused credentials', 401, '', 'upstream_unavailable'],
    ['a redirect', 302, '', 'upstream_unavailable'],
    ['nothing', 202, '', 'upstream_invalid'],
    ['a page', 200, '<h1>hello</h1>', 'upstream_invalid'],
  ])('says what came instead of an answer: %s', async (_, status, text, code) => {
    await using house = await laneTo((_, res) => void res.writeHead(status, { location: '/x' }).end(text))
    expect(await send(house.lane).over).toEqual([code])
  })

  it('hands on a JSON-RPC error whatever the status', async () => {
    const error = { jsonrpc: '2.0', id: 7, error: { code: -32602, message: 'no' } }
    await using house = await laneTo((_, res) => sendJson(res, error, 400))
    expect(await send(house.lane).over).toEqual([JSON.stringify(error)])
    expect(house.upstream.health().state).toBe('ready')
  })

  it.each([
    ['JSON', 'application/json'],
    ['a stream', 'text/event-stream'],
  ])('cuts %s that does not end', async (_, type) => {
    await using house = await laneTo((_, res) => endless(res, type, ' '), { resultBytes: 50_000 })
    const heard = await send(house.lane).over
    expect(heard.at(-1)).toBe('upstream_invalid')
    expect(heard.join('').length).toBeLessThan(600_000)
  })

  it('refuses an encoded answer', async () => {
    await using house = await laneTo((_, res) =>
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
    )
    expect(await send(house.lane).over).toEqual(['upstream_invalid'])
  })

  it('ends the exchange when the receiver throws, and tells it so', async () => {
    await using house = await laneTo((_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: 1\n\n')
    })
    const sent = send(house.lane, () => {
      throw new Error('cannot be used')
    })
    expect(await sent.over).toEqual(['stream', 'upstream_invalid'])
  })

  it('tells the server when the caller has gone, and the caller nothing more', async () => {
    let isClosed = false
    await using house = await laneTo((_, res) => void res.on('close', () => (isClosed = true)))
    const sent = send(house.lane)
    await until(() => house.server.received.some(({ text }) => text === BODY.toString()))
    sent.exchange.abort()
    await until(() => isClosed)
    expect(sent.heard).toEqual([])
  })

  it('has no more calls under way than the server may have', async () => {
    await using house = await laneTo(() => undefined, { inFlight: 2 })
    const sent = [send(house.lane), send(house.lane)]
    expect(() => send(house.lane)).toThrow(/2 calls under way/)
    sent[0]!.exchange.abort()
    expect(() => sent.push(send(house.lane))).not.toThrow()
    for (const { exchange } of sent) exchange.abort()
  })

  it('waits no longer than it may', async () => {
    await using house = await laneTo(() => undefined, { timeoutMs: 300 })
    expect(await send(house.lane).over).toEqual(['upstream_timeout'])
  })

  it('ends an answer that drips on for ever', async () => {
    await using house = await laneTo(
      (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' })
        const timer = setInterval(() => res.write(' '), 50)
        res.on('close', () => clearInterval(timer))
      },
      { timeoutMs: 300, maxTimeoutMs: 600_000 },
    )
    expect(await send(house.lane).over).toEqual(['upstream_timeout'])
  })

  it('leaves a server alone that cannot be reached', async () => {
    await using house = await laneTo(raw('x'))
    await house.server[Symbol.asyncDispose]()
    for (let round = 0; round < 3; round++)
      expect(await send(house.lane).over).toEqual(['upstream_unavailable'])
    expect(() => send(house.lane)).toThrow()
    expect(house.upstream.lane()).toBeUndefined()
  })
})
