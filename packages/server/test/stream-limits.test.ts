import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { legacyCall, openRaw, openSession, sendRaw, type RawStream } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import {
  openEvents,
  startSessionServer,
  textResult,
  type ScriptedSessionServer,
} from './scripted-session-server.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** D7: streams of one caller, and of all, are counted; what is open is kept alive and noticed when it dies. */

let hub: TestHub
let upstream: ScriptedSessionServer

beforeAll(async () => {
  upstream = await startSessionServer([{ name: 'say', inputSchema: { type: 'object' } }])
  hub = await startTestHub('limits: { streamsPerPrincipal: 3, heartbeatMs: 100 }\n')
  await hub.api('POST', '/api/servers', { name: 'one', url: upstream.url })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const listen = () =>
  openRaw(hub, modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }))

const isRefused = {
  status: 429,
  headers: { 'retry-after': '5', 'content-type': 'application/json' },
}

async function closeAll(streams: RawStream[]): Promise<void> {
  for (const stream of streams) stream.cut()
  // The hub notices a moment later.
  await until(async () => {
    const probe = await listen()
    const isFree = probe.status === 200
    probe.cut()
    return isFree
  })
}

describe('a caller with as many streams as it may have', () => {
  test('is refused another subscription in its own protocol, and gets it when one is closed', async () => {
    const open = [await listen(), await listen(), await listen()]
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
    const { headers, body } = modernRequest('subscriptions/listen', { notifications: {} })
    const refused = await sendRaw(hub, { headers, body })
    expect(refused).toMatchObject({ ...isRefused, body: { id: 1, error: { code: 4729 } } })
    open.pop()!.cut()
    await until(async () => {
      const again = await listen()
      open.push(again)
      return again.status === 200
    })
    await closeAll(open)
  })

  test('is refused a session’s stream, and its calls are answered all the same', async () => {
    const session = await openSession(hub)
    const open = [await listen(), await listen(), await listen()]
    const refused = await sendRaw(hub, { method: 'GET', headers: session.headers })
    expect(refused).toMatchObject({ ...isRefused, body: { error: { code: 4729 } } })
    upstream.answer = ({ body }, res) => {
      const send = openEvents(res)
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'lost' } })
      send({ jsonrpc: '2.0', id: body.id, result: textResult('kept') })
      res.end()
    }
    const reply = await sendRaw(hub, legacyCall(session, 'say'))
    expect(reply).toMatchObject({ status: 200, body: { result: textResult('kept') } })
    expect(reply.text).not.toContain('lost')
    await closeAll(open)
  })
})

test('many who listen to one session server share one subscription there', async () => {
  await using other = await startTestHub()
  await other.api('POST', '/api/servers', { name: 'one', url: upstream.url })
  const before = new Set(upstream.sessionStreams.keys())
  const request = modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } })
  const streams = await Promise.all(Array.from({ length: 200 }, () => openRaw(other, request)))
  expect(streams.filter(({ status }) => status === 200)).toHaveLength(200)
  expect([...upstream.sessionStreams.keys()].filter((id) => !before.has(id)).length).toBeLessThanOrEqual(1)
  for (const stream of streams) stream.cut()
})

test('a silent stream is kept alive with comments, in either revision', async () => {
  const session = await openSession(hub)
  const streams = [await listen(), await openRaw(hub, { method: 'GET', headers: session.headers })]
  await until(() => streams.every((stream) => stream.comments() >= 2))
  for (const stream of streams) stream.cut()
})

test('a caller that accepts no event stream is told so', async () => {
  const { headers, body } = modernRequest('subscriptions/listen', { notifications: {} })
  const refused = await sendRaw(hub, { headers: { ...headers, accept: 'application/json' }, body })
  expect(refused).toMatchObject({ status: 406, body: { id: 1, error: { code: -32600 } } })
})

test('a hub that stops ends subscriptions with their result', async () => {
  await using other = await startTestHub()
  await other.api('POST', '/api/servers', { name: 'one', url: upstream.url })
  const stream = await openRaw(
    other,
    modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  )
  await until(() => stream.messages.length === 1)
  await other.hub.drain()
  await stream.ended
  expect(stream.messages.at(-1)).toMatchObject({ id: 1, result: { resultType: 'complete' } })
})
