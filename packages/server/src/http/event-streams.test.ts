import { afterEach, describe, expect, it } from 'vitest'
import type { EventStream } from './event-streams.ts'
import type { RawHandler } from './raw-handler.ts'
import { StreamCaps } from './stream-caps.ts'
import { RawClient, startListener } from './test-kit.ts'
import type { Rig, RigOptions } from './test-kit.ts'

let rig: Rig
let opened: EventStream[]
let closes: number
afterEach(() => rig.listener.destroy())

async function start(limits: RigOptions['limits'] = {}): Promise<void> {
  opened = []
  closes = 0
  const mcp: RawHandler = (incoming, response) => {
    const events = { onClose: () => closes++, onDrain: () => stream.end() }
    const stream = rig.streams.open(incoming, response, events, ['mcp-session-id', 's1'])
    opened.push(stream)
  }
  rig = await startListener({ handlers: { mcp }, limits })
}

function listen(): RawClient {
  return new RawClient(rig.port).send(`GET /mcp HTTP/1.1\r\nHost: localhost:${rig.port}\r\n\r\n`)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('an event stream', () => {
  it('begins at once, sends what it is given, and ends', async () => {
    await start()
    const client = listen()
    const head = await client.until('\r\n\r\n')
    expect(head).toContain('content-type: text/event-stream')
    expect(head).toContain('x-accel-buffering: no')
    expect(head).toContain('mcp-session-id: s1')
    expect(opened[0]!.send('data: 1\n\n')).toBe(true)
    expect(opened[0]!.send(Buffer.from('data: 2\n\n'))).toBe(true)
    opened[0]!.end()
    expect(await client.until('0\r\n\r\n')).toMatch(/data: 1\n\n[\s\S]*data: 2\n\n/)
    await until(() => closes === 1)
    expect(rig.streams.size).toBe(0)
    expect(opened[0]!.send('data: 3\n\n')).toBe(false)
    opened[0]!.end()
    client.socket.destroy()
    expect(closes).toBe(1)
  })

  it('beats while it is quiet, and only then', async () => {
    await start({ heartbeatMs: 100 })
    const quiet = listen()
    const busy = listen()
    await until(() => opened.length === 2)
    const timer = setInterval(() => opened[1]!.send('data: x\n\n'), 10)
    await quiet.until(': \n\n')
    const beats = (client: RawClient) => client.text.split('\n: \n\n').length - 1
    await until(() => beats(quiet) > 3)
    clearInterval(timer)
    expect(beats(busy)).toBeLessThan(beats(quiet))
    for (const client of [quiet, busy]) client.socket.destroy()
    await until(() => closes === 2)
  })

  it('D7: is over as soon as its client is gone', async () => {
    await start()
    const clients = Array.from({ length: 200 }, listen)
    await until(() => rig.streams.size === 200)
    for (const client of clients) client.socket.destroy()
    await until(() => closes === 200)
    expect(rig.streams.size).toBe(0)
  })

  it('D8: is cut when its reader leaves too much unread, and others lose nothing', async () => {
    await start({ streamBufferBytes: 100_000 })
    const paused = Array.from({ length: 20 }, listen)
    for (const client of paused) client.socket.pause()
    const healthy = listen()
    await until(() => opened.length === 21)
    const event = `data: ${'x'.repeat(10_000)}\n\n`
    let sent = 0
    let open = opened
    const before = process.memoryUsage.rss()
    // NOTE: the kernel takes some megabytes for each before anything is left unread here.
    while (open.length > 1 && sent < 10_000) {
      open = open.filter((stream) => stream.send(event))
      sent++
      await until(() => healthy.text.length >= (sent - 5) * event.length)
    }
    await until(() => closes === 20)
    expect(rig.streams.size).toBe(1)
    await until(() => healthy.text.split('data: ').length - 1 === sent)
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1_048_576)
    for (const client of [...paused, healthy]) client.socket.destroy()
  })
})

describe('StreamCaps', () => {
  it('counts per principal and in all, and forgets who has none', async () => {
    await start()
    const caps = new StreamCaps({ streams: 5, streamsPerPrincipal: 3 })
    expect([1, 2, 3, 4].map(() => caps.take('a'))).toEqual([true, true, true, false])
    expect([1, 2, 3].map(() => caps.take('b'))).toEqual([true, true, false])
    expect(caps.total).toBe(5)
    caps.release('a')
    expect(caps.take('c')).toBe(true)
    for (const subject of ['a', 'a', 'b', 'b', 'c']) caps.release(subject)
    expect(caps.total).toBe(0)
    expect(() => caps.release('a')).toThrow(/not open/)
  })
})
