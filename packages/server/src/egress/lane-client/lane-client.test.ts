import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { ParleyError } from '@parley/contract'
import { afterEach, describe, expect, it } from 'vitest'
import { smallEgress } from '../test-kit.ts'
import type { LaneReceiver, LaneSender } from './lane-client.ts'

const stack: (() => unknown)[] = []
afterEach(async () => {
  for (const end of stack.splice(0).reverse()) await end()
})

/** A raw server: `answer` gets each request's text as soon as its body, one line, is complete. */
async function listen(answer: (socket: Socket, request: string) => void) {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\n}'); end >= 0; end = text.indexOf('\n}')) {
        const request = text.slice(0, end + 2)
        text = text.slice(end + 2)
        requests.push(request)
        answer(socket, request)
      }
    })
  })
  await start(server)
  return { sockets, requests, ...clientOf(server) }
}

async function start(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.push(() => new Promise((resolve) => server.close(resolve)))
}

function clientOf(server: Server, times = { headersTimeoutMs: 1000, idleTimeoutMs: 1000 }) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const egress = smallEgress()
  const outlet = egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'test') })
  stack.push(() => egress.close())
  return { outlet, send: outlet.lane.endpoint({ path: '/mcp?a=b', head: 'x-all: 1\r\n', ...times }) }
}

const body = (text: string) => Buffer.from(`{${text}\n}`)

function call(send: LaneSender, text: string, onData?: (chunk: Buffer) => void) {
  const over = Promise.withResolvers<string>()
  let heard = ''
  const receiver: LaneReceiver = {
    onHead: ({ status }) => (heard = `${status} `),
    onData: (chunk) => (onData?.(chunk), (heard += chunk.toString())),
    onEnd: () => over.resolve(heard),
    onError: (error: ParleyError) => over.resolve(error.code),
  }
  return { over: over.promise, exchange: send('x-own: 2\r\n', body(text), receiver) }
}

const ok = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`

describe('the lane’s client', () => {
  it('writes a request as HTTP/1.1, and every byte of its body', async () => {
    const { send, requests } = await listen((socket) => socket.write(ok('fine')))
    expect(await call(send, 'é€\u0000').over).toBe('200 fine')
    const [head, sent] = requests[0]!.split('\r\n\r\n')
    expect(head!.split('\r\n')).toEqual([
      'POST /mcp?a=b HTTP/1.1',
      expect.stringMatching(/^host: 127\.0\.0\.1:\d+$/),
      'x-all: 1',
      'x-own: 2',
      `content-length: ${body('é€\u0000').length}`,
    ])
    expect(Buffer.from(sent!, 'latin1').toString()).toBe('{é€\u0000\n}')
    const long = 'ü'.repeat(100_000)
    expect(await call(send, long).over).toBe('200 fine')
    expect(Buffer.from(requests[1]!.split('\r\n\r\n')[1]!, 'latin1')).toEqual(body(long))
  })

  it('uses a connection again, but never after bytes that belong to no answer', async () => {
    const { send, sockets } = await listen((socket, request) =>
      socket.write(request.includes('more') ? ok('1') + ok('someone else’s') : ok('1')),
    )
    expect(await call(send, 'a').over).toBe('200 1')
    expect(await call(send, 'b').over).toBe('200 1')
    expect(sockets.size).toBe(1)
    const [first] = sockets
    expect(await call(send, 'more').over).toBe('200 1')
    expect(await call(send, 'c').over).toBe('200 1')
    expect(sockets.has(first!)).toBe(false)
  })

  it('does not use a connection that the server is about to close', async () => {
    const { send, requests, sockets } = await listen((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 1\r\n\r\n1'),
    )
    expect(await call(send, 'a').over).toBe('200 1')
    await expect.poll(() => sockets.size).toBe(0)
    expect(await call(send, 'b').over).toBe('200 1')
    expect(requests).toHaveLength(2)
  })

  it('keeps to itself what goes wrong in one receiver', async () => {
    const { send, sockets } = await listen((socket, request) =>
      setTimeout(() => socket.write(ok(request.slice(-3, -2))), 10),
    )
    const heard: string[] = []
    const faulty = Array.from({ length: 4 }, () =>
      send('', body('f'), {
        onHead() {},
        onData() {},
        onEnd() {
          throw new Error('of this receiver')
        },
        onError: (error) => heard.push(error.code),
      }),
    )
    const others = ['1', '2', '3', '4'].map((text) => call(send, text).over)
    expect(await Promise.all(others)).toEqual(['200 1', '200 2', '200 3', '200 4'])
    expect(heard).toEqual(faulty.map(() => 'internal'))
    expect(sockets.size).toBe(4)
  })

  it('drops a free connection on which the server speaks unasked', async () => {
    const { send, sockets } = await listen((socket) => socket.write(ok('1')))
    await call(send, 'a').over
    const [first] = sockets
    const closed = new Promise((resolve) => first!.once('close', resolve))
    first!.write(ok('poison'))
    await closed
    expect(await call(send, 'b').over).toBe('200 1')
  })

  it('keeps to its number of connections, and serves who waits in turn', async () => {
    let most = 0
    const { send, sockets } = await listen((socket, request) => {
      most = Math.max(most, sockets.size)
      setTimeout(() => socket.write(ok(/\{(\d+)/.exec(request)![1]!)), 5)
    })
    const calls = Array.from({ length: 40 }, (_, index) => call(send, String(index)).over)
    expect(await Promise.all(calls)).toEqual(calls.map((_, index) => `200 ${index}`))
    expect(most).toBeLessThanOrEqual(4)
  })

  it('never crosses ten thousand calls, while connections are closed under it', async () => {
    const server = createHttpServer((req, res) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk.toString()))
      req.on('end', () => {
        seen.push(text)
        if (seen.length % 97 === 0) res.setHeader('connection', 'close')
        if (seen.length % 2 === 0) res.setHeader('content-length', Buffer.byteLength(text))
        res.end(text)
      })
    })
    const seen: string[] = []
    await start(server)
    const { send } = clientOf(server)
    for (let round = 0; round < 100; round++) {
      const texts = Array.from({ length: 100 }, (_, index) => `${round}/${index}`)
      const answers = await Promise.all(texts.map((text) => call(send, text).over))
      expect(answers).toEqual(texts.map((text) => `200 {${text}\n}`))
    }
    expect(new Set(seen).size).toBe(10_000)
    expect(seen).toHaveLength(10_000)
  })

  it('gives bytes away for good: what one call keeps is never overwritten by another', async () => {
    const { send } = await listen((socket, request) => {
      const letter = /\{(.)/.exec(request)![1]!
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n${letter.repeat(20_000)}`)
      setTimeout(() => socket.write(letter.repeat(20_000)), 5)
    })
    const kept = [...'abcdefgh'].map((letter) => ({ letter, chunks: [] as Buffer[] }))
    await Promise.all(
      kept.map(({ letter, chunks }) => call(send, letter, (chunk) => chunks.push(chunk)).over),
    )
    for (const { letter, chunks } of kept) {
      expect(Buffer.concat(chunks).toString() === letter.repeat(40_000)).toBe(true)
    }
  })

  it('sends nothing twice when the server hangs up', async () => {
    const { send, requests } = await listen((socket) => socket.destroy())
    expect(await call(send, 'once').over).toBe('upstream_unavailable')
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nconte'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
  ])('waits no longer than it may for a server that sends %s', async (_, text) => {
    const { send, sockets } = await listen((socket) => socket.write(text))
    expect(await call(send, 'a').over).toBe('upstream_timeout')
    await expect.poll(() => sockets.size).toBe(0)
  })

  it('ends a call at once when it is aborted, and whoever waits behind it goes on', async () => {
    const { send, sockets } = await listen((socket, request) => {
      if (!request.includes('hang')) socket.write(ok('1'))
    })
    const hanging = Array.from({ length: 4 }, () => call(send, 'hang'))
    const waiting = call(send, 'a')
    const givenUp = call(send, 'b')
    givenUp.exchange.abort()
    await expect.poll(() => sockets.size).toBe(4)
    hanging[0]!.exchange.abort()
    expect(await waiting.over).toBe('200 1')
    for (const { exchange } of hanging) exchange.abort()
  })

  it('leaves the connection alone once its call is over', async () => {
    const { send } = await listen((socket, request) =>
      setTimeout(() => socket.write(ok(request.slice(-3, -2))), 20),
    )
    const first = call(send, '1')
    await first.over
    const second = call(send, '2')
    first.exchange.abort()
    first.exchange.pause()
    expect(await second.over).toBe('200 2')
  })

  it('reads no more while it is paused', async () => {
    let written = 0
    const { send } = await listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (written < 20_000 && !socket.destroyed) {
          written++
          if (!socket.write('x'.repeat(10_000))) return void socket.once('drain', more)
        }
        socket.end()
      }
      more()
    })
    let bytes = 0
    const running = call(send, 'a', (chunk) => {
      bytes += chunk.length
      if (bytes < 300_000) running.exchange.pause()
    })
    await new Promise((resolve) => setTimeout(resolve, 600))
    const before = bytes
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(bytes).toBe(before)
    expect(written).toBeLessThan(20_000)
    const resume = setInterval(() => running.exchange.resume(), 5)
    expect((await running.over).length).toBeGreaterThan(100_000_000)
    clearInterval(resume)
  })

  it('refuses lines that would be another request', async () => {
    const { outlet, send, requests } = await listen((socket) => socket.write(ok('1')))
    const receiver = { onHead() {}, onData() {}, onEnd() {}, onError() {} }
    expect(() => send('a: b\r\n\r\nGET / HTTP/1.1\r\n', body('x'), receiver)).toThrow()
    expect(() => send('a: b\n', body('x'), receiver)).toThrow()
    const times = { headersTimeoutMs: 0, idleTimeoutMs: 0 }
    expect(() => outlet.lane.endpoint({ path: '/a b', head: '', ...times })).toThrow()
    expect(requests).toEqual([])
  })

  it('is cut with its outlet', async () => {
    const { outlet, send, sockets } = await listen(() => undefined)
    const running = call(send, 'a')
    await expect.poll(() => sockets.size).toBe(1)
    await outlet.destroy()
    expect(await running.over).toBe('upstream_unavailable')
    await expect.poll(() => sockets.size).toBe(0)
    expect(() => call(send, 'b')).toThrow()
  })

  it('reaches no address that it may not', async () => {
    const { requests, sockets } = await listen(() => undefined)
    const egress = smallEgress({ discoveredPorts: [1] })
    stack.push(() => egress.close())
    const outlet = egress.open({ purpose: 'upstream', url: 'http://127.0.0.1:1/' })
    const send = outlet.lane.endpoint({ path: '/', head: '', headersTimeoutMs: 500, idleTimeoutMs: 500 })
    expect(await call(send, 'a').over).toBe('egress_refused')
    expect([requests.length, sockets.size]).toEqual([0, 0])
  })
})
