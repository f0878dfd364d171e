import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ServerResponse } from 'node:http'
import { legacyCall, openRaw, openSession, sendRaw, type RawSession } from './raw-mcp.ts'
import {
  openEvents,
  startSessionServer,
  textResult,
  type ScriptedSessionServer,
} from './scripted-session-server.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

let hub: TestHub
let upstream: ScriptedSessionServer
let session: RawSession
/** Calls that the upstream holds open, by the text it was called with. */
const held = new Map<string, { send: (value: unknown) => void; id: unknown; res: ServerResponse }>()

beforeAll(async () => {
  upstream = await startSessionServer([{ name: 'hold', inputSchema: { type: 'object' } }])
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: upstream.url })
  session = await openSession(hub)
})

afterEach(() => {
  held.clear()
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** Calls the upstream, which keeps the call until the test lets it go. */
async function hold(key: string) {
  const answered = upstream.answer
  upstream.answer = ({ body }, res) => {
    upstream.answer = answered
    held.set(key, { send: openEvents(res), id: body.id, res })
  }
  const call = openRaw(hub, legacyCall(session, 'hold', {}, key))
  await until(() => held.has(key))
  const { send, id, res } = held.get(key)!
  return {
    call,
    log: (data: string) =>
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } }),
    finish: (text: string) => {
      send({ jsonrpc: '2.0', id, result: textResult(text) })
      res.end()
    },
  }
}

const resume = (lastEventId: string, from = session) =>
  openRaw(hub, { method: 'GET', headers: { ...from.headers, 'last-event-id': lastEventId } })

const dataOf = (messages: any[]) =>
  messages.map((message) => message.params?.data ?? message.result?.content[0].text)

describe('the answer to a 2025-11-25 request', () => {
  test('that is there at once is one whole event stream, primed', async () => {
    const reply = await sendRaw(hub, legacyCall(session, 'hold'))
    expect(reply.headers['content-type']).toBe('text/event-stream')
    expect(Number(reply.headers['content-length'])).toBe(Buffer.byteLength(reply.text))
    expect(reply.events).toHaveLength(2)
    expect(reply.events[0]).toMatchObject({ data: '', retryMs: 1000 })
    expect(reply.body).toMatchObject({ id: 1, result: textResult('done') })
  })

  test.each(['application/json', '*/*'])(
    'is one JSON object for a client that accepts %s',
    async (accept) => {
      const call = legacyCall(session, 'hold')
      const reply = await sendRaw(hub, { ...call, headers: { ...call.headers, accept } })
      expect(reply.headers['content-type']).toBe('application/json')
      expect(reply.body).toMatchObject({ id: 1, result: textResult('done') })
    },
  )

  test('begins with the first notification, and every event has an id of its own', async () => {
    const { call, log, finish } = await hold('a')
    log('one')
    const stream = await call
    await until(() => stream.messages.length === 1)
    expect(stream.events[0]).toMatchObject({ data: '', retryMs: 1000 })
    finish('end')
    await stream.ended
    expect(dataOf(stream.messages)).toEqual(['one', 'end'])
    const ids = stream.events.map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
  })

  test('can be come back for after a break: nothing is lost or repeated, and the server hears of nothing', async () => {
    const calls = upstream.calls.length
    const { call, log, finish } = await hold('b')
    log('one')
    const broken = await call
    await until(() => broken.messages.length === 1)
    broken.cut()
    log('two')
    const lastEventId = broken.events.at(-1)!.id!
    const resumed = await resume(lastEventId)
    await until(() => resumed.messages.length === 1)
    log('three')
    finish('end')
    await resumed.ended
    expect(dataOf(resumed.messages)).toEqual(['two', 'three', 'end'])
    const again = await resume(lastEventId)
    await again.ended
    expect(dataOf(again.messages)).toEqual(['two', 'three', 'end'])
    expect(upstream.calls).toHaveLength(calls + 1)
    expect(upstream.cancelled).toEqual([])
  })

  test('is never mixed with that of another request', async () => {
    const first = await hold('c')
    first.log('first')
    const one = await first.call
    const second = await hold('d')
    second.log('second')
    const two = await second.call
    await until(() => one.messages.length === 1 && two.messages.length === 1)
    one.cut()
    two.cut()
    first.finish('end of first')
    second.finish('end of second')
    const resumed = await resume(one.events[0]!.id!)
    await resumed.ended
    expect(dataOf(resumed.messages)).toEqual(['first', 'end of first'])
  })

  test('belongs to its session: another one’s event ids open nothing', async () => {
    const { call, log, finish } = await hold('e')
    log('secret')
    const stream = await call
    await until(() => stream.messages.length === 1)
    const other = await openSession(hub)
    for (const id of [stream.events.at(-1)!.id!, '999-0', '0', 'x'.repeat(5000)]) {
      const refused = await sendRaw(hub, {
        method: 'GET',
        headers: { ...other.headers, 'last-event-id': id },
      })
      expect(refused).toMatchObject({ status: 400, body: { error: { code: -32600 } } })
      expect(refused.text).not.toContain('secret')
    }
    finish('end')
    await stream.ended
  })

  test('keeps the newest when more comes than is kept', async () => {
    const { call, log, finish } = await hold('f')
    log('first')
    const stream = await call
    await until(() => stream.messages.length === 1)
    stream.cut()
    for (let at = 0; at < 400; at++) log(String(at))
    finish('end')
    await (
      await resume(stream.events[0]!.id!)
    ).ended
    const resumed = await resume(stream.events[0]!.id!)
    await resumed.ended
    expect(resumed.messages).toHaveLength(256)
    expect(dataOf(resumed.messages).slice(-2)).toEqual(['399', 'end'])
  })
})

test('SEP-1699: where the server closes its stream to be come back to, the hub does too', async () => {
  let waitingId: unknown
  let release: (() => void) | undefined
  upstream.answer = ({ body, method, headers }, res) => {
    if (method === 'POST') {
      waitingId = body.id
      return void res
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end('id: e1\nretry: 20\ndata: \n\n')
    }
    expect(headers['last-event-id']).toBe('e1')
    const send = openEvents(res)
    release = () => {
      send({ jsonrpc: '2.0', id: waitingId, result: textResult('later') })
      res.end()
    }
  }
  const first = await openRaw(hub, legacyCall(session, 'hold', {}, 'p'))
  await first.ended
  expect(first.messages).toEqual([])
  expect(first.events.at(-1)).toMatchObject({ retryMs: 20, data: '' })
  const resumed = await resume(first.events[0]!.id!)
  await until(() => release !== undefined)
  release!()
  await resumed.ended
  expect(resumed.messages).toMatchObject([{ id: 'p', result: textResult('later') }])
})

test('the session’s own stream: one at a time, and what came while there was none is not lost', async () => {
  const known = new Set(upstream.sessionStreams.keys())
  const quiet = await openSession(hub)
  const own = () => [...upstream.sessionStreams].find(([id]) => !known.has(id))?.[1]
  await until(() => own() !== undefined)
  const tell = (data: string) =>
    own()!({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } })
  const listen = (more: Record<string, string> = {}) =>
    openRaw(hub, { method: 'GET', headers: { ...quiet.headers, ...more } })
  tell('before')
  const first = await listen()
  await until(() => first.messages.length === 1)
  const second = await listen()
  await first.ended
  tell('to the second')
  await until(() => second.messages.length === 1)
  second.cut()
  await second.ended
  tell('between')
  const third = await listen({ 'last-event-id': second.events.at(-1)!.id! })
  await until(() => third.messages.length === 1)
  third.cut()
  const seen = [first, second, third].map(({ messages }) => dataOf(messages))
  expect(seen).toEqual([['before'], ['to the second'], ['between']])
})
