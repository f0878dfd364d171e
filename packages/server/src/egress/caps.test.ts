import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Egress } from './create-egress.ts'
import type { Outlet } from './outlet.ts'
import { outcome, smallEgress, startCanary } from './test-kit.ts'
import type { Canary } from './test-kit.ts'

let egress: Egress
let upstream: Canary | undefined

beforeEach(() => {
  egress = smallEgress()
})
afterEach(async () => {
  await egress.close()
  await upstream?.close()
})

async function outletTo(answer: (socket: Socket) => void): Promise<Outlet> {
  upstream = await startCanary(answer)
  const url = `http://127.0.0.1:${upstream.port}/`
  return egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'server:test') })
}

/** Writes for ever, as fast as the reader takes it. */
function firehose(socket: Socket, chunk: Buffer): void {
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', pump)
  pump()
}

function drip(socket: Socket, bytes: string): void {
  const timer = setInterval(() => socket.write(bytes), 100)
  socket.on('close', () => clearInterval(timer))
}

const HEAD = 'HTTP/1.1 200 OK\r\n'

describe('E4: a server that does not stop', () => {
  it('is cut at the cap of bytes, with bounded memory', async () => {
    const outlet = await outletTo((socket) => {
      socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`)
      const part = Buffer.alloc(65_536, 'x')
      firehose(socket, Buffer.concat([Buffer.from('10000\r\n'), part, Buffer.from('\r\n')]))
    })
    const before = process.memoryUsage.rss()
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).toBe('upstream_invalid')
    expect(process.memoryUsage.rss() - before).toBeLessThan(20 * 1_048_576)
  })

  it('is cut before reading when it announces too much', async () => {
    const outlet = await outletTo((socket) => socket.write(`${HEAD}content-length: 10000000000\r\n\r\n`))
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).toBe('upstream_invalid')
  })

  it('is refused when it compresses, so that no bomb is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    const outlet = await outletTo((socket) => {
      socket.write(`${HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.end(bomb)
    })
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).toBe('upstream_invalid')
  })

  it('is cut at the cap of time when it drips its body', async () => {
    const outlet = await outletTo((socket) => {
      socket.write(`${HEAD}content-length: 1000\r\n\r\n`)
      drip(socket, 'x')
    })
    expect(await outcome(outlet.request({ method: 'GET', path: '/', timeoutMs: 700 }))).toBe(
      'upstream_timeout',
    )
  })

  it.each([
    [
      'few headers, slowly',
      (socket: Socket) => (socket.write(HEAD), drip(socket, 'a: b\r\n')),
      /upstream_timeout/,
    ],
    [
      'many headers',
      (socket: Socket) => (socket.write(HEAD), firehose(socket, Buffer.from('a: b\r\n'.repeat(100)))),
      /upstream_invalid/,
    ],
    [
      'one endless header',
      (socket: Socket) => (socket.write(`${HEAD}a: `), firehose(socket, Buffer.alloc(4096, 'b'))),
      /upstream_invalid/,
    ],
    [
      'many 103s',
      (socket: Socket) => firehose(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50))),
      /upstream_/,
    ],
    ['nothing', () => {}, /upstream_timeout/],
    ['no HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH\r\n'), /upstream_invalid/],
    ['a hang-up', (socket: Socket) => socket.destroy(), /upstream_unavailable/],
  ])('sends %s', async (_, answer, expected) => {
    const outlet = await outletTo(answer)
    expect(await outcome(outlet.request({ method: 'POST', path: '/', body: '{}' }))).toMatch(expected)
  })

  it('holds no more connections than its limit', async () => {
    const outlet = await outletTo(() => {})
    const calls = Array.from({ length: 20 }, () => outcome(outlet.request({ method: 'GET', path: '/' })))
    await Promise.all(calls)
    // NOTE: each of the four may have been replaced once after its timeout; never more at a time.
    expect(upstream?.connections()).toBeLessThanOrEqual(8)
  })
})

describe('an outlet', () => {
  it('cannot be reached when nobody listens', async () => {
    const outlet = await outletTo(() => {})
    await upstream?.close()
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).toBe('upstream_unavailable')
  })

  it('asks for identity, sends the body unchanged and buffers the answer', async () => {
    const seen = Promise.withResolvers<{ encoding: unknown; body: string }>()
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        seen.resolve({ encoding: request.headers['accept-encoding'], body })
        response.writeHead(201, { 'x-a': '1' }).end('hello')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const outlet = egress.open({ purpose: 'probe', url, allowance: egress.allow(url, 'server:test') })
    const body = 'z'.repeat(100_000)
    const response = await outlet.request({
      method: 'POST',
      path: '/p?q=1',
      body,
      headers: { 'accept-encoding': 'br' },
    })
    expect([response.status, response.headers['x-a'], response.body.toString()]).toEqual([201, '1', 'hello'])
    expect(await seen.promise).toEqual({ encoding: 'identity', body })
    await outlet.close()
    server.close()
  })

  it('aborts a request and the connection with it', async () => {
    const closed = Promise.withResolvers<void>()
    const outlet = await outletTo((socket) => socket.on('close', () => closed.resolve()))
    const abort = new AbortController()
    const call = outcome(outlet.request({ method: 'GET', path: '/', signal: abort.signal }))
    setTimeout(() => abort.abort(new Error('changed my mind')), 100)
    expect(await call).toBe('changed my mind')
    await closed.promise
  })

  it('does not send a request that was aborted before', async () => {
    const outlet = await outletTo((socket) => socket.end(`${HEAD}content-length: 0\r\n\r\n`))
    const signal = AbortSignal.abort(new Error('too late'))
    expect(await outcome(outlet.request({ method: 'GET', path: '/', signal }))).toBe('too late')
    expect(upstream?.bytes()).toBe(0)
  })

  it('hands a stream on as it comes, past the cap of buffered answers, and stops at abort', async () => {
    const closed = Promise.withResolvers<void>()
    const outlet = await outletTo((socket) => {
      socket.write(`${HEAD}content-type: text/event-stream\r\n\r\n`)
      firehose(socket, Buffer.alloc(65_536, 'x'))
      socket.on('close', () => closed.resolve())
    })
    let bytes = 0
    let afterAbort = 0
    let isAborted = false
    const done = Promise.withResolvers<void>()
    const stream = outlet.stream(
      { method: 'GET', path: '/', idleTimeoutMs: 0 },
      {
        onStart: (status) => expect(status).toBe(200),
        onChunk: (chunk) => {
          if (isAborted) afterAbort++
          bytes += chunk.length
          if (bytes < 5_000_000) return
          isAborted = true
          stream.abort()
          done.resolve()
        },
        onEnd: () => done.reject(new Error('ended')),
        onError: done.reject,
      },
    )
    await done.promise
    await closed.promise
    expect(afterAbort).toBe(0)
  })

  it('tells a stream that went silent', async () => {
    const outlet = await outletTo((socket) =>
      socket.write(`${HEAD}content-type: text/event-stream\r\n\r\ndata: 1\n\n`),
    )
    const heard: string[] = []
    await new Promise<void>((resolve) => {
      outlet.stream(
        { method: 'GET', path: '/', idleTimeoutMs: 300 },
        {
          onStart: (status) => heard.push(`start ${status}`),
          onChunk: (chunk) => heard.push(chunk.toString()),
          onEnd: resolve,
          onError: (error) => (heard.push(error.code), resolve()),
        },
      )
    })
    expect(heard).toEqual(['start 200', 'data: 1\n\n', 'upstream_timeout'])
  })
})
