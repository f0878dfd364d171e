import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'
import type { RawHandler } from './raw-handler.ts'
import { refuseRequest, sendJson } from './send.ts'
import { RawClient, exchange, request, startListener, statusOf } from './test-kit.ts'
import type { Rig, RigOptions } from './test-kit.ts'

let rig: Rig
afterEach(() => rig.listener.destroy())

/** Answers with the length of the body, or with its refusal, as the gateway does. */
const measure: RawHandler = (incoming, response) => {
  readBody(incoming, 100_000, (error, body) => {
    if (error) refuseRequest(incoming, response, error, { asJsonRpc: true })
    else
      sendJson(response, 200, JSON.stringify({ length: body.length, first: body.subarray(0, 5).toString() }))
  })
}

async function start(options: RigOptions = {}): Promise<void> {
  rig = await startListener({ handlers: { mcp: measure }, ...options })
}

describe('D1: bodies', () => {
  it.each([
    ['none', [], '', 0],
    ['by length', ['Content-Length: 5'], 'hello', 5],
    ['of length zero', ['Content-Length: 0'], '', 0],
    ['at the cap', ['Content-Length: 100000'], 'x'.repeat(100_000), 100_000],
    ['chunked', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n3\r\n123\r\n0\r\n\r\n', 8],
    ['chunked with trailers', ['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n', 2],
  ])('reads one: %s', async (_, headers, body, length) => {
    await start()
    expect(await exchange(rig.port, request(rig.port, 'POST /mcp', headers, body))).toContain(
      `{"length":${length},`,
    )
  })

  it('joins one that comes in pieces', async () => {
    await start()
    const client = new RawClient(rig.port).send(request(rig.port, 'POST /mcp', ['Content-Length: 11'], 'hel'))
    for (const part of ['lo ', 'wor', 'ld']) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.send(part)
    }
    await client.closed
    expect(client.text).toContain('{"length":11,"first":"hello"}')
  })

  it('refuses an announced length before reading', async () => {
    await start()
    const answer = await exchange(rig.port, request(rig.port, 'POST /mcp', ['Content-Length: 100001'], 'x'))
    expect(statusOf(answer)).toBe(413)
    expect(answer).toContain('"jsonrpc":"2.0"')
  })

  it('counts chunks, answers 413 although the client goes on sending, and closes', async () => {
    await start()
    const before = process.memoryUsage.rss()
    const client = new RawClient(rig.port).send(
      request(rig.port, 'POST /mcp', ['Transfer-Encoding: chunked']),
    )
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    let sent = 0
    const pump = () => {
      while (!client.socket.destroyed && sent < 2 ** 31) {
        sent += chunk.length
        if (!client.socket.write(chunk)) return void client.socket.once('drain', pump)
      }
    }
    pump()
    await client.closed
    expect(statusOf(client.text)).toBe(413)
    expect(sent).toBeLessThan(2 ** 26)
    expect(process.memoryUsage.rss() - before).toBeLessThan(40 * 1_048_576)
  })

  it.each(['gzip', 'deflate', 'br', 'x-unknown', 'identity, gzip'])(
    'unpacks nothing: %s',
    async (encoding) => {
      await start()
      const bomb = gzipSync(Buffer.alloc(1_000_000)).toString('latin1')
      const headers = [`Content-Encoding: ${encoding}`, `Content-Length: ${bomb.length}`]
      expect(statusOf(await exchange(rig.port, request(rig.port, 'POST /mcp', headers, bomb)))).toBe(415)
    },
  )

  it('does not execute what a client pipelines behind a refused body', async () => {
    let calls = 0
    await start({ handlers: { mcp: (...call) => (calls++, measure(...call)) } })
    const big = `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.port}\r\nContent-Length: 100001\r\n\r\n${'x'.repeat(100_001)}`
    const next = `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.port}\r\nContent-Length: 0\r\n\r\n`
    const answer = await exchange(rig.port, big + next)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413'])
    expect(calls).toBe(1)
  })
})

describe('D6: clients that do not finish', () => {
  const short = { headerTimeoutMs: 300, bodyTimeoutMs: 600, keepAliveMs: 300 }

  it.each([
    ['nothing', ''],
    ['half a request line', 'GET /mc'],
    ['headers without end', 'GET /mcp HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n'],
    ['a body without end', 'POST /mcp HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 10\r\n\r\nab'],
    [
      'chunks without end',
      'POST /mcp HTTP/1.1\r\nHost: localhost:{port}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
    ],
    ['nothing after an answer', 'GET /mcp HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n'],
  ])('cuts one that sends %s', async (_, text) => {
    await start({ limits: short })
    const client = new RawClient(rig.port).send(text.replace('{port}', String(rig.port)))
    await client.closed
    expect(client.text).not.toContain('"length":10')
  })

  it('cuts one that drips, although it never falls silent', async () => {
    await start({ limits: short })
    const client = new RawClient(rig.port).send('GET /mcp HTTP/1.1\r\n')
    const drip = setInterval(() => client.send('a: b\r\n'), 50)
    await client.closed
    clearInterval(drip)
    expect(client.text).not.toContain('200 OK')
  })

  it('cuts 500 at once while others are served', async () => {
    await start({ limits: short })
    const slow = Array.from({ length: 500 }, () =>
      new RawClient(rig.port).send('POST /mcp HTTP/1.1\r\nHost: l'),
    )
    for (let call = 0; call < 20; call++) {
      expect(statusOf(await exchange(rig.port, request(rig.port, 'POST /mcp')))).toBe(200)
    }
    await Promise.all(slow.map((client) => client.closed))
    expect(slow.some((client) => client.text.includes('200 OK'))).toBe(false)
  })

  it('does not cut an answer that takes longer than these limits', async () => {
    const late: RawHandler = (_, response) =>
      void setTimeout(() => sendJson(response, 200, '{"late":true}'), 1200)
    await start({ limits: short, handlers: { mcp: late } })
    expect(await exchange(rig.port, request(rig.port, 'GET /mcp'))).toContain('{"late":true}')
  })
})

describe('connections', () => {
  it.each([{ connections: 5 }, { connectionsPerAddress: 5 }])(
    'beyond the limit are closed: %j',
    async (limits) => {
      await start({ limits })
      const clients = Array.from({ length: 12 }, () => new RawClient(rig.port))
      await Promise.all(clients.slice(5).map((client) => client.closed))
      expect(clients.filter((client) => client.socket.closed)).toHaveLength(7)
      for (const client of clients) client.socket.destroy()
      await Promise.all(clients.map((client) => client.closed))
      const again = new RawClient(rig.port).send(request(rig.port, 'GET /mcp'))
      expect(await again.until('length')).toContain('200 OK')
    },
  )

  it('of one address are not counted behind a proxy', async () => {
    await start({ limits: { connectionsPerAddress: 1 }, listen: { trustedProxy: true } })
    new RawClient(rig.port)
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /mcp')))).toBe(200)
  })
})

describe('handlers', () => {
  it('that throw are answered without their words, and the hub goes on', async () => {
    const handlers: Record<string, RawHandler> = {
      mcp: () => {
        throw new Error('zzSECRET')
      },
      api: (_, response) => {
        response.writeHead(200).write('begun')
        throw new Error('zzSECRET')
      },
    }
    await start({ handlers })
    const answer = await exchange(rig.port, request(rig.port, 'GET /mcp'))
    expect(statusOf(answer)).toBe(500)
    expect(answer).not.toContain('zzSECRET')
    await exchange(rig.port, request(rig.port, 'GET /api'))
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /healthz')))).toBe(200)
    expect(rig.errors).toHaveLength(2)
  })

  it('may answer after their client has gone', async () => {
    const held = Promise.withResolvers<ServerResponse>()
    await start({ handlers: { mcp: (_, response) => held.resolve(response) } })
    const client = new RawClient(rig.port).send(request(rig.port, 'GET /mcp'))
    const response = await held.promise
    client.socket.destroy()
    await client.closed
    await new Promise((resolve) => setTimeout(resolve, 50))
    sendJson(response, 200, '{}')
    sendJson(response, 200, '{}')
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /healthz')))).toBe(200)
  })
})
