import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChaosProxy } from './chaos-proxy.ts'
import { encodeHeaderValue } from './face.ts'
import { send } from './http.ts'
import { descendants, isAlive, listeningAddresses, openFiles, residentBytes } from './process-probe.ts'
import { createRandom } from './random.ts'
import { exchangeRaw } from './raw-tcp.ts'
import { EventReader } from './sse.ts'

describe('the kit', () => {
  const server = createServer((request, response) => response.end(`${request.method} ${request.url}`))
  let port = 0
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => void server.close())

  it('sends exactly the bytes it is given and counts the responses', async () => {
    const twice = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)
    expect(await exchangeRaw(port, twice, 100)).toMatchObject({ status: 200, responses: 2, closed: false })
    expect(await exchangeRaw(port, 'NONSENSE\r\n\r\n', 100)).toMatchObject({ status: 400, closed: true })
  })

  it('breaks connections through the chaos proxy, and only then', async () => {
    const proxy = await startChaosProxy(port)
    const target = { port: proxy.port, key: 'k' }
    expect((await send(target, { method: 'GET', path: '/x', headers: ['Connection', 'close'] })).text).toBe(
      'GET /x',
    )
    proxy.chaos.cutAfterBytes = 20
    await expect(
      send(target, { method: 'GET', path: '/x', headers: ['Connection', 'close'] }),
    ).rejects.toThrow()
    proxy.chaos.cutAfterBytes = -1
    proxy.chaos.isStalled = true
    await expect(
      send(target, { method: 'GET', path: '/x', headers: ['Connection', 'close'], timeoutMs: 200 }),
    ).rejects.toThrow('no answer')
    proxy.chaos.isStalled = false
    proxy.chaos.isRefusing = true
    await expect(
      send(target, { method: 'GET', path: '/x', headers: ['Connection', 'close'] }),
    ).rejects.toThrow()
    await proxy.close()
  })

  it('reads memory, files, children and listeners from the kernel', () => {
    expect(residentBytes(process.pid)).toBeGreaterThan(10_000_000)
    expect(openFiles(process.pid)).toBeGreaterThan(3)
    expect(isAlive(process.pid)).toBe(true)
    expect(isAlive(2_000_000_000)).toBe(false)
    expect(descendants(process.ppid)).toContain(process.pid)
    expect(listeningAddresses(process.pid)).toContain(`127.0.0.1:${port}`)
  })

  it('brings the same random numbers back for the same seed', () => {
    const draw = (seed: number): number[] =>
      Array.from(
        { length: 5 },
        (
          (random) => () =>
            random.integer(1000)
        )(createRandom(seed)),
      )
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('encodes header values as the specification does', () => {
    expect(encodeHeaderValue('us-west1')).toBe('us-west1')
    expect(encodeHeaderValue(' padded ')).toBe('=?base64?IHBhZGRlZCA=?=')
    expect(encodeHeaderValue('=?base64?literal?=')).toBe('=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=')
  })

  it('reads events that arrive in pieces', () => {
    const reader = new EventReader()
    expect(reader.push('data: {"a"')).toEqual([])
    expect(reader.push(':1}\n\n: comment\n\ndata: x\ndata: y\r\n\r\n')).toEqual(['{"a":1}', 'x\ny'])
  })
})
