import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Outlet } from '../outlet.ts'
import { smallEgress } from '../test-kit.ts'

const stack: (() => unknown)[] = []
afterEach(async () => {
  for (const end of stack.splice(0).reverse()) await end()
})

async function outletTo(server: Server): Promise<Outlet> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.push(() => new Promise((resolve) => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const egress = smallEgress()
  stack.push(() => egress.close())
  return egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'test') })
}

interface Seen {
  readonly status?: number
  readonly type?: string | undefined
  readonly body?: string
  readonly error?: string
}

async function byUndici(outlet: Outlet, path: string, body: Buffer): Promise<Seen> {
  try {
    const answer = await outlet.request({ method: 'POST', path, body })
    const type = answer.headers['content-type']
    return { status: answer.status, type, body: answer.body.toString('latin1') }
  } catch (error) {
    return { error: (error as { code: string }).code }
  }
}

function byLane(outlet: Outlet, path: string, body: Buffer): Promise<Seen> {
  const send = outlet.lane.endpoint({ path, head: '', headersTimeoutMs: 1500, idleTimeoutMs: 1500 })
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let head: Seen = {}
    send('', body, {
      onHead: ({ status, contentType }) => (head = { status, type: contentType }),
      onData: (chunk) => chunks.push(chunk),
      onEnd: () => resolve({ ...head, body: Buffer.concat(chunks).toString('latin1') }),
      onError: (error) => resolve({ error: error.code }),
    })
  })
}

const JSON_TYPE = 'content-type: application/json\r\n'
const CHUNKED = 'transfer-encoding: chunked\r\n'

/** Whole answers as servers send them; those that say no length end with the connection. */
const ANSWERS: readonly [string, string][] = [
  ['a length', `HTTP/1.1 200 OK\r\n${JSON_TYPE}content-length: 2\r\n\r\n{}`],
  ['a length of zero', 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'],
  ['no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok'],
  ['bytes above 0x7f', 'HTTP/1.1 200 \xc4\xd6\r\nx: \xff\r\ncontent-length: 3\r\n\r\n\x00\xff\r'],
  ['chunks', `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n`],
  [
    'chunks and a trailer',
    `HTTP/1.1 200 OK\r\n${CHUNKED}trailer: x\r\n\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n`,
  ],
  ['no chunk but the last', `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`],
  ['the end of the connection', `HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\nall there is`],
  ['the wish to close', 'HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 4\r\n\r\noops'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['early hints', 'HTTP/1.1 103 E\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  [
    'spaces around values',
    'HTTP/1.1 200 OK\r\nContent-Type:\t a/b\r\nx: y \t\r\nContent-Length:   2\r\n\r\nok',
  ],
  ['an empty value', 'HTTP/1.1 200 OK\r\nx-empty:\r\ncontent-length: 2\r\n\r\nok'],
  ['a redirect', 'HTTP/1.1 307 Away\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n'],
  ['a large body', `HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n${'0123456789'.repeat(30_000)}`],
]

/** What neither may take for an answer, and what the lane says of it. */
const NO_ANSWERS: readonly [string, string, code: string][] = [
  [
    'half a body',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf',
    'upstream_unavailable',
  ],
  ['half a chunk', `HTTP/1.1 200 OK\r\nconnection: close\r\n${CHUNKED}\r\n9\r\nhalf`, 'upstream_unavailable'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!', 'upstream_invalid'],
  [
    'length and chunks',
    `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${CHUNKED}\r\n0\r\n\r\n`,
    'upstream_invalid',
  ],
  ['no HTTP', '220 mail.example.com ESMTP\r\n\r\n', 'upstream_invalid'],
]

/** Answers by the number in the path: `/INDEX/PIECE`, cut into pieces of so many bytes. */
function corpusServer(): Server {
  return createServer((socket) => {
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.endsWith('.')) return
      const [, index, size] = /^POST \/(\d+)\/(\d+) /.exec(text)!
      text = ''
      void write(socket, Buffer.from([...ANSWERS, ...NO_ANSWERS][Number(index)]![1], 'latin1'), Number(size))
    })
  })
}

async function write(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size))
    if (size < bytes.length) await new Promise((resolve) => setImmediate(resolve))
  }
  const text = bytes.toString('latin1')
  if (text.includes('lose\r\n') || !/length|chunked|204/i.test(text)) socket.end()
}

describe('the lane’s client hears what undici hears', () => {
  it.each(ANSWERS.map(([name], index) => [name, index] as const))(
    'of an answer with %s',
    async (_, index) => {
      const outlet = await outletTo(corpusServer())
      const length = ANSWERS[index]![1].length
      const sizes = length > 1000 ? [length, 7001] : [length, 1, 7]
      for (const size of sizes) {
        const path = `/${index}/${size}`
        const expected = await byUndici(outlet, path, Buffer.from('.'))
        expect(await byLane(outlet, path, Buffer.from('.'))).toEqual(expected)
      }
    },
  )

  it.each(NO_ANSWERS.map(([name, , code], index) => [name, code, ANSWERS.length + index] as const))(
    'and refuses %s as undici does',
    async (_, code, index) => {
      const outlet = await outletTo(corpusServer())
      for (const size of [1000, 1, 7]) {
        const path = `/${index}/${size}`
        expect((await byUndici(outlet, path, Buffer.from('.'))).error).toBeDefined()
        expect(await byLane(outlet, path, Buffer.from('.'))).toEqual({ error: code })
      }
    },
  )

  it('of servers on node:http', async () => {
    const big = 'é'.repeat(70_000)
    const ways: Record<string, (res: ServerResponse) => void> = {
      '/whole': (res) => void res.setHeader('content-type', 'text/plain').end(big),
      '/parts': (res) => {
        res.writeHead(201, { 'content-type': 'text/event-stream' })
        for (let part = 0; part < 50; part++) res.write(`data: ${part}\n\n`)
        res.end()
      },
      '/close': (res) => void res.setHeader('connection', 'close').end('bye'),
      '/none': (res) => void res.writeHead(204).end(),
      '/cut': (res) => {
        res.writeHead(200, { 'content-length': 10 }).write('half')
        setTimeout(() => res.destroy(), 20)
      },
    }
    const outlet = await outletTo(
      createHttpServer((req, res) => void req.resume().on('end', () => ways[req.url!]!(res))),
    )
    for (const path of [...Object.keys(ways), ...Object.keys(ways)]) {
      for (const body of [Buffer.from('short'), Buffer.alloc(200_000, 'x')]) {
        expect(await byLane(outlet, path, body)).toEqual(await byUndici(outlet, path, body))
      }
    }
  })
})

describe('the lane’s client, while the server closes idle connections at random', () => {
  it('loses no call without saying so, and sends none twice', async () => {
    const seen = new Map<string, number>()
    const sockets = new Set<Socket>()
    const server = createHttpServer((req, res) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk.toString()))
      req.on('end', () => {
        seen.set(text, (seen.get(text) ?? 0) + 1)
        res.end(text)
      })
    })
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    const outlet = await outletTo(server)
    const reaper = setInterval(() => {
      for (const socket of sockets) if (Math.random() < 0.3) socket.destroy()
    }, 3)
    const outcomes: Seen[] = []
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let turn = 0; turn < 250; turn++) {
        const text = `${caller}/${turn}`
        const heard = await byLane(outlet, '/', Buffer.from(text))
        expect(heard.error ?? heard.body).toBe(heard.error ? 'upstream_unavailable' : text)
        if (!heard.error) expect(seen.get(text)).toBe(1)
        outcomes.push(heard)
      }
    })
    await Promise.all(callers)
    clearInterval(reaper)
    expect(outcomes).toHaveLength(2000)
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
    expect(outcomes.filter(({ error }) => error === undefined).length).toBeGreaterThan(1000)
  })
})
