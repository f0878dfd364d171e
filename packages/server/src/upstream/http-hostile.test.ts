import { gzipSync } from 'node:zlib'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  MODERN_META,
  callTool,
  codeOf,
  openHttp,
  recorder,
  textOf,
  unending,
  until,
} from './fixtures/test-kit.ts'
import {
  legacyExcept,
  modernExcept,
  openEvents,
  sendJson,
  startRaw,
  type Received,
} from './fixtures/raw-server.ts'

import { TEXT, done, endless, legacy, modern, raw } from './fixtures/hostile-http.ts'

describe('a modern server that breaks the rules', () => {
  it('cannot ask, answer for others, or tell what was not asked for', async () => {
    await using house = await modern(({ body }, res) => {
      const send = openEvents(res)
      send({ jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage', params: {} })
      send({ jsonrpc: '2.0', id: 999, result: TEXT })
      send({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'foreign', progress: 1 },
      })
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'unasked' } })
      send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
      send({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'mine', progress: 1 },
      })
      send(done(body.id))
      res.end()
    })
    const events = recorder()
    expect(textOf(await callTool(house.channel, 'x', { meta: { progressToken: 'mine' }, events }))).toBe(
      'done',
    )
    expect(events.asked).toEqual([])
    expect(events.notifications.map(({ params }) => params)).toEqual([{ progressToken: 'mine', progress: 1 }])
    expect(house.reports).toEqual([
      'unexpected-request: sampling/createMessage',
      'unexpected-response: tools/call',
      'unexpected-notification: notifications/progress',
      'unexpected-notification: notifications/message',
      'unexpected-notification: notifications/tools/list_changed',
    ])
  })

  it('need not close its stream for the answer to count, and loses it a second later', async () => {
    await using house = await modern(({ body }, res) => openEvents(res)(done(body.id)))
    expect(textOf(await callTool(house.channel, 'x'))).toBe('done')
    await until(() => house.server.open.size === 0)
  })

  it.each([
    [
      'a JSON body over the limit',
      (_: Received, res: ServerResponse) => endless(res, 'application/json', '"xxxxxxxxxx'),
    ],
    [
      'an event over the limit',
      (_: Received, res: ServerResponse) => endless(res, 'text/event-stream', 'data: xxxxxxx'),
    ],
    [
      'a stream of notifications without end',
      (_: Received, res: ServerResponse) =>
        endless(res, 'text/event-stream', 'data: {"jsonrpc":"2.0","method":"notifications/x"}\n\n'),
    ],
    [
      'comments without end',
      (_: Received, res: ServerResponse) => endless(res, 'text/event-stream', ': hello\n'),
    ],
    ['duplicate keys', raw('{"jsonrpc":"2.0","id":1,"id":2,"result":{}}')],
    ['a prototype', raw('{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"admin":true}}}')],
    ['invalid UTF-8', raw(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
    [
      'a result and an error at once',
      raw('{"jsonrpc":"2.0","id":2,"result":{},"error":{"code":1,"message":"x"}}'),
    ],
    ['a batch', raw('[{"jsonrpc":"2.0","id":2,"result":{}}]')],
    ['nothing', raw('')],
    ['a stream that ends early', (_: Received, res: ServerResponse) => (openEvents(res), res.end())],
    [
      'an encoding that nobody asked for',
      (_: Received, res: ServerResponse) =>
        res
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(50_000_000))),
    ],
  ])('is cut off with upstream_invalid when it sends %s', async (_, answer) => {
    await using house = await modern((received, res) => void answer(received, res), { resultBytes: 200_000 })
    expect(await codeOf(callTool(house.channel, 'x'))).toBe('upstream_invalid')
    await until(() => house.server.open.size === 0)
    expect(house.upstream.health()).toMatchObject({
      state: 'failing',
      lastError: expect.any(String) as string,
    })
  })

  it('gets headers that stand for the body, whatever the body is', async () => {
    const server = await startRaw(modernExcept(({ body }, res) => sendJson(res, done(body.id))))
    await using _server = server
    await using opened = openHttp(server.url)
    const channel = await opened.upstream.modern()
    await callTool(channel, 'naïve\r\nX-Evil: 1')
    await channel.exchange('resources/read', { uri: 'a://b c', _meta: MODERN_META }, recorder(), unending())
    const headers = server.received
      .slice(1)
      .map((one) => [one.headers['mcp-method'], one.headers['mcp-name']])
    expect(headers).toEqual([
      ['tools/call', `=?base64?${Buffer.from('naïve\r\nX-Evil: 1').toString('base64')}?=`],
      ['resources/read', 'a://b c'],
    ])
    expect(server.received.some((one) => 'x-evil' in one.headers)).toBe(false)
    expect(await codeOf(channel.exchange('a\r\nb', {}, recorder(), unending()))).toBe('method_not_found')
    expect(server.received).toHaveLength(3)
  })

  it('cannot open a subscription with anything but an acknowledgment, nor widen it', async () => {
    await using house = await modern(({ body }, res) => {
      const send = openEvents(res)
      const note = (method: string, params?: object) =>
        send({ jsonrpc: '2.0', method, ...(params ? { params } : {}) })
      note('notifications/tools/list_changed')
      note('notifications/subscriptions/acknowledged', { notifications: { toolsListChanged: true, x: 'y' } })
      note('notifications/prompts/list_changed')
      note('notifications/resources/updated', { uri: 'a://b' })
      note('notifications/tools/list_changed')
      send({ jsonrpc: '2.0', id: body.id, result: { resultType: 'complete' } })
      res.end()
    })
    const heard: string[] = []
    const filter = { toolsListChanged: true }
    const subscription = await house.channel.subscribe(
      filter,
      ({ method }) => void heard.push(method),
      unending(),
    )
    expect(subscription.acknowledged).toEqual(filter)
    expect(await subscription.ended).toBe('graceful')
    expect(heard).toEqual(['notifications/tools/list_changed'])
    expect(house.reports).toHaveLength(3)
  })

  it('holds one stream for a hundred subscribers of the same kind, and loses it with the last', async () => {
    const sends: ((value: unknown) => void)[] = []
    await using house = await modern((_, res) => {
      const send = openEvents(res)
      sends.push(send)
      send({
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true } },
      })
    })
    let heard = 0
    const subscriptions = await Promise.all(
      Array.from({ length: 100 }, () =>
        house.channel.subscribe({ toolsListChanged: true }, () => void heard++, unending()),
      ),
    )
    expect(house.server.open.size).toBe(1)
    sends[0]!({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    await until(() => heard === 100)
    for (const subscription of subscriptions.slice(1)) subscription.close()
    sends[0]!({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    await until(() => heard === 101)
    expect(house.server.open.size).toBe(1)
    subscriptions[0]!.close()
    await until(() => house.server.open.size === 0)
  })
})

describe('a server that is slow or gone', () => {
  it('holds no more than its share, and no other server waits for it', async () => {
    await using hung = await modern(() => undefined, { inFlight: 5, timeoutMs: 2000 })
    await using other = await modern(({ body }, res) => sendJson(res, done(body.id)))
    const calls = Array.from({ length: 50 }, () => codeOf(callTool(hung.channel, 'x')))
    expect(textOf(await callTool(other.channel, 'x'))).toBe('done')
    const codes = await Promise.all(calls)
    expect(codes.filter((code) => code === 'unavailable')).toHaveLength(45)
    expect(codes.filter((code) => code === 'upstream_timeout')).toHaveLength(5)
    expect(hung.server.received).toHaveLength(6)
    await until(() => hung.server.open.size === 0)
    expect(await codeOf(callTool(hung.channel, 'x'))).toBe('upstream_timeout')
  })

  it('is waited for while it reports progress, but not for ever', async () => {
    await using house = await modern(
      (_, res) => {
        const send = openEvents(res)
        let progress = 0
        const beat = setInterval(
          () =>
            send({
              jsonrpc: '2.0',
              method: 'notifications/progress',
              params: { progressToken: 1, progress: ++progress },
            }),
          50,
        )
        res.once('close', () => clearInterval(beat))
      },
      { timeoutMs: 400, maxTimeoutMs: 1500 },
    )
    const events = recorder()
    expect(await codeOf(callTool(house.channel, 'x', { meta: { progressToken: 1 }, events }))).toBe(
      'upstream_timeout',
    )
    // More than the idle limit alone would have let through.
    expect(events.notifications.length).toBeGreaterThan(9)
  })

  it('is not timed while it waits for an answer of ours', async () => {
    await using house = await legacy(
      ({ body, method }, res) => {
        if (method === 'GET') return void res.writeHead(405).end()
        if (body.method === undefined) {
          res.writeHead(202).end()
          return waiting?.(done(2))
        }
        waiting = openEvents(res)
        waiting({ jsonrpc: '2.0', id: 'q1', method: 'elicitation/create', params: {} })
      },
      { timeoutMs: 300 },
    )
    let waiting: ((value: unknown) => void) | undefined
    const slow = () =>
      new Promise<{ result: object }>((resolve) =>
        setTimeout(() => resolve({ result: { action: 'decline' } }), 900),
      )
    expect(textOf(await callTool(house.channel, 'x', { events: recorder(slow as never) }))).toBe('done')
  })

  it('is left alone after three failures in a row, and found again when it is back', async () => {
    const first = await startRaw(modernExcept(({ body }, res) => sendJson(res, done(body.id))))
    await using opened = openHttp(first.url)
    const channel = await opened.upstream.modern()
    expect(textOf(await callTool(channel, 'x'))).toBe('done')
    await first[Symbol.asyncDispose]()
    for (let count = 0; count < 3; count++)
      expect(await codeOf(callTool(channel, 'x'))).toBe('upstream_unavailable')
    expect(opened.upstream.health().state).toBe('unreachable')
    // The door stays shut for a moment: of many calls no more than a trial or two get through.
    await using second = await startRaw((_, res) => res.destroy(), Number(new URL(first.url).port))
    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(callTool(channel, 'x'))))
    expect(new Set(codes)).toEqual(new Set(['upstream_unavailable']))
    expect(second.received.length).toBeLessThan(5)
    await second[Symbol.asyncDispose]()
    await using third = await startRaw(
      modernExcept(({ body }, res) => sendJson(res, done(body.id))),
      Number(new URL(first.url).port),
    )
    await until(async () => (await codeOf(callTool(channel, 'x'))) === 'no error')
    expect(opened.upstream.health()).toMatchObject({ state: 'ready', lastError: undefined })
    expect(third.received.length).toBeGreaterThan(0)
  })

  it('may be another server when it comes back', async () => {
    const first = await startRaw(modernExcept((_, res) => res.destroy()))
    await using opened = openHttp(first.url)
    const channel = await opened.upstream.modern()
    await first[Symbol.asyncDispose]()
    expect(await codeOf(callTool(channel, 'x'))).toBe('upstream_unavailable')
    await using _second = await startRaw(
      legacyExcept((_, res) => void res.writeHead(202).end()),
      Number(new URL(first.url).port),
    )
    await until(async () => (await opened.upstream.info().catch(() => undefined))?.era === '2025-11-25')
    expect(await codeOf(opened.upstream.modern())).toBe('upstream_invalid')
  })
})
