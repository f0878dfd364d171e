import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { RawHandler } from './raw-handler.ts'
import { sendJson } from './send.ts'
import { RawClient, exchange, request, startListener, statusOf } from './test-kit.ts'
import type { Rig } from './test-kit.ts'

let rig: Rig
let held: ServerResponse[]
afterEach(() => rig.listener.destroy())

const hold: RawHandler = (_, response) => void held.push(response)

async function start(
  handlers: Record<string, RawHandler> = { mcp: hold },
  isReady?: () => boolean,
): Promise<void> {
  held = []
  rig = await startListener({ handlers, ...(isReady ? { isReady } : {}) })
}

function call(): RawClient {
  return new RawClient(rig.port).send(
    `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.port}\r\nContent-Length: 0\r\n\r\n`,
  )
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('R15: drain', () => {
  it('says 503 at once on new and kept connections, while it still lives', async () => {
    await start()
    const kept = new RawClient(rig.port).send(`GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n`)
    await kept.until('ok')
    const drained = rig.listener.drain({ limitMs: 5000, noticeMs: 1000 })
    kept.text = ''
    kept.send(`GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /readyz')))).toBe(503)
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /healthz')))).toBe(200)
    await kept.closed
    expect(statusOf(kept.text)).toBe(503)
    expect(kept.text.toLowerCase()).toContain('connection: close')
    expect(await drained).toBe(true)
  })

  it('follows readiness before any drain', async () => {
    let isReady = false
    await start({}, () => isReady)
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /readyz')))).toBe(503)
    isReady = true
    expect(statusOf(await exchange(rig.port, request(rig.port, 'GET /readyz')))).toBe(200)
  })

  it('lets 500 calls in flight finish, closes idle connections and accepts no more', async () => {
    await start()
    const idle = new RawClient(rig.port)
    const clients = Array.from({ length: 500 }, call)
    await until(() => held.length === 500)
    const drained = rig.listener.drain({ limitMs: 30_000, noticeMs: 10 })
    await idle.closed
    expect(await exchange(rig.port, request(rig.port, 'GET /healthz'))).toBe('')
    expect(clients.some((client) => client.socket.closed)).toBe(false)
    for (const response of held) sendJson(response, 200, '{"done":true}')
    expect(await drained).toBe(true)
    await Promise.all(clients.map((client) => client.closed))
    expect(clients.filter((client) => client.text.includes('{"done":true}'))).toHaveLength(500)
    expect(rig.listener.addresses()).toEqual([])
  })

  it('has streams send their final response', async () => {
    const mcp: RawHandler = (incoming, response) => {
      const onDrain = () => (stream.send('data: final\n\n'), stream.end())
      const stream = rig.streams.open(incoming, response, { onClose: () => {}, onDrain })
    }
    await start({ mcp })
    const clients = Array.from({ length: 50 }, call)
    await until(() => rig.streams.size === 50)
    expect(await rig.listener.drain({ limitMs: 30_000, noticeMs: 10 })).toBe(true)
    await Promise.all(clients.map((client) => client.closed))
    expect(clients.every((client) => client.text.endsWith('data: final\n\n\r\n0\r\n\r\n'))).toBe(true)
  })

  it('cuts what is left at the limit, and says so', async () => {
    await start()
    const client = call()
    await until(() => held.length === 1)
    expect(await rig.listener.drain({ limitMs: 100, noticeMs: 10 })).toBe(false)
    await client.closed
    expect(client.text).toBe('')
  })

  it('ends at once when it is cut in the middle', async () => {
    await start()
    const client = call()
    await until(() => held.length === 1)
    const drained = rig.listener.drain({ limitMs: 3_600_000, noticeMs: 3_600_000 })
    rig.listener.destroy()
    await client.closed
    expect(await drained).toBe(false)
  })
})
