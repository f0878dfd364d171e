import { describe, expect, it } from 'vitest'
import { callTool, codeOf, openHttp, recorder, textOf, unending, until } from './fixtures/test-kit.ts'
import { openEvents, sendJson, startRaw } from './fixtures/raw-server.ts'

import { TERMS, done, legacy } from './fixtures/hostile-http.ts'

describe('a session server', () => {
  it('that has forgotten the session ends it for all who use it, and a new one can be opened', async () => {
    let isGone = false
    await using house = await legacy(({ body, method }, res) => {
      if (method === 'GET') return void openEvents(res)
      if (isGone)
        return sendJson(res, { jsonrpc: '2.0', id: body.id, error: { code: -32001, message: 'gone' } }, 404)
      if (body.params?.['name'] !== 'hang') sendJson(res, done(body.id))
    })
    const subscription = await house.channel.subscribe(
      { toolsListChanged: true },
      () => undefined,
      unending(),
    )
    const hanging = codeOf(callTool(house.channel, 'hang'))
    expect(textOf(await callTool(house.channel, 'x'))).toBe('done')
    isGone = true
    expect(await codeOf(callTool(house.channel, 'x'))).toBe('upstream_unavailable')
    expect(house.channel.closed).toBe(true)
    expect(await hanging).toBe('upstream_unavailable')
    expect(await subscription.ended).toBe('lost')
    isGone = false
    const next = await house.upstream.openSession(TERMS, unending())
    expect(textOf(await callTool(next, 'x'))).toBe('done')
  })

  it('is come back to when its stream breaks off before the answer', async () => {
    let posts = 0
    await using house = await legacy(({ body, headers, method }, res) => {
      if (method === 'POST') {
        posts++
        const send = openEvents(res)
        res.write('retry: 10\n\n')
        send(
          { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'one' } },
          'e1',
        )
        // Not an end but a break: the socket is cut.
        setTimeout(() => res.destroy(), 20)
        waitingId = body.id
        return
      }
      if (headers['last-event-id'] === undefined) return void res.writeHead(405).end()
      seen.push(String(headers['last-event-id']))
      const send = openEvents(res)
      if (seen.length === 1) {
        send(
          { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'two' } },
          'e2',
        )
        return void res.end()
      }
      send(done(waitingId), 'e3')
      res.end()
    })
    const seen: string[] = []
    let waitingId: unknown
    const events = recorder()
    expect(textOf(await callTool(house.channel, 'x', { events }))).toBe('done')
    expect(seen).toEqual(['e1', 'e2'])
    expect(posts).toBe(1)
    expect(events.notifications.map(({ params }) => params?.['data'])).toEqual(['one', 'two'])
  })

  it('that has no route for GET keeps its session', async () => {
    await using house = await legacy(({ body, method }, res) => {
      if (method === 'GET') return void res.writeHead(404).end('Cannot GET /mcp')
      sendJson(res, done(body.id))
    })
    await house.channel.setSessionEvents({})
    expect(textOf(await callTool(house.channel, 'x'))).toBe('done')
    expect(house.channel.closed).toBe(false)
  })

  it('says when it closes a stream to be come back to', async () => {
    let waitingId: unknown
    await using house = await legacy(({ body, method, headers }, res) => {
      if (headers['last-event-id'] !== undefined) return void openEvents(res)(done(waitingId), 'e2')
      if (method === 'GET') return void res.writeHead(405).end()
      waitingId = body.id
      res.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: e1\nretry: 15\ndata: \n\n')
    })
    const pauses: number[] = []
    const events = { ...recorder(), paused: (retryMs: number) => void pauses.push(retryMs) }
    expect(textOf(await callTool(house.channel, 'x', { events }))).toBe('done')
    expect(pauses).toEqual([15])
  })

  it('is not come back to for an event id that no header can carry', async () => {
    await using house = await legacy(({ method }, res) => {
      if (method === 'GET') return void res.writeHead(405).end()
      res.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: a b\ndata: \n\n')
    })
    expect(await codeOf(callTool(house.channel, 'x'))).toBe('upstream_invalid')
    expect(house.server.received.filter(({ method }) => method === 'GET')).toHaveLength(0)
  })

  it('sends what belongs to no call to the session, and its questions are answered there', async () => {
    let send: ((value: unknown) => void) | undefined
    const answers: unknown[] = []
    await using house = await legacy(({ body, method }, res) => {
      if (method === 'GET') return void (send = openEvents(res))
      if (body.method !== undefined) return sendJson(res, done(body.id))
      answers.push(body)
      res.writeHead(202).end()
    })
    const events = recorder(() => Promise.resolve({ result: { roots: [] } }))
    house.channel.setSessionEvents(events)
    await until(() => send !== undefined)
    send!({ jsonrpc: '2.0', id: 'ping-1', method: 'ping' })
    send!({ jsonrpc: '2.0', id: 7, method: 'roots/list' })
    send!({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    await until(() => answers.length === 2 && events.notifications.length === 1)
    expect(answers).toEqual([
      { jsonrpc: '2.0', id: 'ping-1', result: {} },
      { jsonrpc: '2.0', id: 7, result: { roots: [] } },
    ])
    expect(events.asked).toEqual(['roots/list'])
  })

  it('may withdraw a question, and cannot ask without end', async () => {
    let send: ((value: unknown) => void) | undefined
    const refusals: unknown[] = []
    await using house = await legacy(({ body, method }, res) => {
      if (method === 'GET') return void (send = openEvents(res))
      if (body.method === undefined) refusals.push(body.id)
      res.writeHead(202).end()
    })
    let open = 0
    const withdrawn: string[] = []
    house.channel.setSessionEvents({
      serverRequest: ({ id }, signal) => {
        open++
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            withdrawn.push(String(id))
            reject(signal.reason as Error)
          }),
        )
      },
    })
    await until(() => send !== undefined)
    for (let id = 0; id < 300; id++) send!({ jsonrpc: '2.0', id, method: 'sampling/createMessage' })
    send!({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } })
    await until(() => withdrawn.length === 1 && refusals.length === 200)
    expect([open, withdrawn]).toEqual([100, ['5']])
    expect(house.reports.filter((line) => line.startsWith('too-many-requests'))).toHaveLength(200)
  })

  it('cannot give a session id that would be more than one header', async () => {
    await using server = await startRaw((received, res) => {
      if (received.body.method === 'server/discover') return void res.writeHead(400).end()
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 'x', version: '1' },
      }
      res.setHeader('mcp-session-id', ['a', 'b c'])
      sendJson(res, { jsonrpc: '2.0', id: received.body.id, result })
    })
    await using opened = openHttp(server.url)
    expect(await codeOf(opened.upstream.info())).toBe('upstream_invalid')
  })

  it('has no more sessions than it may have, also when all are opened at once', async () => {
    await using house = await legacy(() => undefined, { sessions: 4 })
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(house.upstream.openSession(TERMS, unending()))),
    )
    expect(codes.filter((code) => code === 'no error')).toHaveLength(3)
    expect(codes.filter((code) => code === 'unavailable')).toHaveLength(17)
    await house.channel.close()
    expect(await codeOf(house.upstream.openSession(TERMS, unending()))).toBe('no error')
  })

  it('is told that its session is over when the upstream is closed', async () => {
    await using house = await legacy(() => undefined)
    await house.upstream.close()
    expect(house.server.received.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
    expect(house.channel.closed).toBe(true)
    expect(await codeOf(house.upstream.openSession(TERMS, unending()))).not.toBe('no error')
  })
})
