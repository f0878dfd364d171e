import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { legacyCall, openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { openEvents, startSessionServer, textResult } from './scripted-session-server.ts'
import type { ScriptedSessionServer } from './scripted-session-server.ts'
import { modernRequest, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** P1–P10 (requirements on MCP 2026-07-28) where a client or a server speaks 2025-11-25. */

const echo = { name: 'echo', inputSchema: { type: 'object' } }
const ELICITATION = { elicitation: { form: {}, url: {} } }

let hub: TestHub
let modern: ScriptedUpstream
let legacy: ScriptedSessionServer
let plain: ScriptedSessionServer['answer']

beforeAll(async () => {
  modern = await startScriptedUpstream([
    echo,
    {
      name: 'number',
      inputSchema: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
    },
    {
      name: 'broken',
      inputSchema: { type: 'object', properties: { n: { type: 'string', 'x-mcp-header': 'a\r\nb' } } },
    },
    {
      name: 'twice',
      inputSchema: {
        type: 'object',
        properties: {
          a: { type: 'string', 'x-mcp-header': 'X' },
          b: { type: 'string', 'x-mcp-header': 'x' },
        },
      },
    },
  ])
  legacy = await startSessionServer([echo])
  plain = legacy.answer
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: modern.url })
  await hub.api('POST', '/api/servers', { name: 'old', url: legacy.url })
})

afterEach(() => {
  legacy.answer = plain
  modern.answer = () => ({ content: [{ type: 'text', text: 'done' }] })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await modern[Symbol.asyncDispose]()
  await legacy[Symbol.asyncDispose]()
})

const OLD = '/mcp/servers/old'
const callOld = (capabilities = {}, more = {}) => ({
  path: OLD,
  ...modernRequest('tools/call', { name: 'echo', arguments: {}, ...more }, capabilities),
})

describe('P1, P2: headers and body', () => {
  test.each([
    ['42', 42, 200],
    ['42.0', 42, 200],
    ['43', 42, 400],
  ])('the header %s for the number %d is answered with %d', async (header, n, status) => {
    const before = modern.calls.length
    const { headers, body } = modernRequest('tools/call', { name: 'number', arguments: { n } })
    const reply = await sendRaw(hub, { headers: { ...headers, 'mcp-param-n': header }, body })
    expect(reply.status).toBe(status)
    expect(modern.calls).toHaveLength(status === 200 ? before + 1 : before)
  })

  test('a header that stands twice is refused', async () => {
    const before = modern.calls.length
    const { headers, body } = modernRequest('tools/call', { name: 'echo', arguments: {} })
    const reply = await sendRaw(hub, { headers: { ...headers, 'mcp-name': ['echo', 'number'] }, body })
    expect(reply).toMatchObject({ status: 400, body: { error: { code: -32020 } } })
    expect(modern.calls).toHaveLength(before)
  })

  test('a session’s call is what its body says, whatever modern headers claim', async () => {
    const session = await openSession(hub)
    const call = legacyCall(session, 'none-of-the-tools')
    const before = modern.calls.length
    const headers = { ...call.headers, 'mcp-method': 'tools/list', 'mcp-name': 'echo' }
    const reply = await sendRaw(hub, { headers, body: call.body })
    expect(reply.body.error.message).toContain('none-of-the-tools')
    expect(modern.calls.slice(before).map(({ params }) => params['name'])).not.toContain('echo')
  })
})

describe('P3: where and how a request arrives', () => {
  test.each(['GET', 'DELETE', 'PUT'] as const)('%s without a session is 405', async (method) => {
    const reply = await sendRaw(hub, { method })
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  })

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['a foreign host', { host: 'evil.example' }, 421],
  ])('%s is refused for clients of both revisions', async (_what, headers, expected) => {
    const before = [modern.calls.length, legacy.declared.length]
    const one = modernRequest('tools/call', { name: 'echo', arguments: {} })
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
    const refused = [
      await sendRaw(hub, { headers: { ...one.headers, ...headers }, body: one.body }),
      await sendRaw(hub, { path: OLD, headers, body: initialize }),
    ]
    expect(refused.map(({ status }) => status)).toEqual([expected, expected])
    expect([modern.calls.length, legacy.declared.length]).toEqual(before)
  })

  test('a modern request ignores the headers of sessions', async () => {
    const { headers, body } = modernRequest('tools/call', { name: 'echo', arguments: {} })
    const more = { 'mcp-session-id': 'stolen', 'last-event-id': '1-0' }
    const reply = await sendRaw(hub, { headers: { ...headers, ...more }, body })
    expect(reply).toMatchObject({ status: 200, body: { result: textResult('done') } })
    expect(modern.calls.at(-1)!.headers).not.toHaveProperty('mcp-session-id')
    expect(modern.calls.at(-1)!.headers).not.toHaveProperty('last-event-id')
  })
})

describe('P5: a call of a modern client that a session server holds open', () => {
  test('goes on once, and only for the same request', async () => {
    legacy.answer = ({ body, method }, res) => {
      if (body.method === undefined) return void res.writeHead(202).end()
      if (method !== 'POST') return
      const send = openEvents(res)
      const params = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }
      send({ jsonrpc: '2.0', id: 'ask', method: 'elicitation/create', params })
      waiting = () => {
        send({ jsonrpc: '2.0', id: body.id, result: textResult('thanks') })
        res.end()
      }
    }
    let waiting: (() => void) | undefined
    const first = await sendRaw(hub, callOld(ELICITATION))
    const state: string = first.body.result.requestState
    const [key] = Object.keys(first.body.result.inputRequests)
    const inputResponses = { [key!]: { action: 'decline' } }
    const flipped = `${state.slice(0, -3)}${state.at(-3) === 'A' ? 'B' : 'A'}${state.slice(-2)}`
    const before = legacy.calls.length
    for (const wrong of [
      { inputResponses, requestState: flipped },
      { inputResponses, requestState: state, arguments: { other: 1 } },
    ]) {
      expect((await sendRaw(hub, callOld(ELICITATION, wrong))).body.error.code).toBe(-32602)
    }
    expect(legacy.calls).toHaveLength(before)
    const retry = sendRaw(hub, callOld(ELICITATION, { inputResponses, requestState: state }))
    await until(() => legacy.calls.length > before)
    waiting!()
    expect((await retry).body.result.content).toEqual(textResult('thanks').content)
    const twice = await sendRaw(hub, callOld(ELICITATION, { inputResponses, requestState: state }))
    expect(twice.body.error.code).toBe(-32602)
  })
})

test('P6: a private result is asked for anew each time', async () => {
  const before = modern.calls.length
  modern.answer = () => ({ contents: [], ttlMs: 60_000, cacheScope: 'private' })
  for (let at = 0; at < 2; at++)
    await sendRaw(hub, modernRequest('tools/call', { name: 'echo', arguments: {} }))
  expect(modern.calls).toHaveLength(before + 2)
})

describe('P7: cancelling', () => {
  test('a modern client that closes its stream cancels a session server’s call', async () => {
    legacy.answer = ({ body }, res) => {
      openEvents(res)({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: body.id, progress: 1 },
      })
    }
    const before = legacy.cancelled.length
    const { headers, body } = callOld()
    body['params']._meta.progressToken = 'p'
    const stream = await openRaw(hub, { path: OLD, headers, body })
    await until(() => stream.messages.length === 1)
    stream.cut()
    await until(() => legacy.cancelled.length === before + 1)
  })

  test('a session’s client cancels with a notification, and gets no answer afterwards', async () => {
    const session = await openSession(hub, {}, OLD)
    let finish: (() => void) | undefined
    legacy.answer = ({ body }, res) => {
      const send = openEvents(res)
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'on it' } })
      finish = () => void send({ jsonrpc: '2.0', id: body.id, result: textResult('too late') })
    }
    const before = legacy.cancelled.length
    const stream = await openRaw(hub, { path: OLD, ...legacyCall(session, 'echo', {}, 'gone') })
    await until(() => stream.messages.length === 1)
    const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'gone' } }
    await sendRaw(hub, { path: OLD, headers: session.headers, body })
    await until(() => legacy.cancelled.length === before + 1)
    finish!()
    await stream.ended
    expect(JSON.stringify(stream.messages)).not.toContain('too late')
  })
})

test('P8: session ids have 192 bits, and none is given twice', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await openSession(hub)).id))
  // What follows the dot is a seal.
  for (const id of ids) expect(Buffer.from(id.split('.')[0]!, 'base64url')).toHaveLength(24)
  for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{1,2100}$/)
  expect(new Set(ids).size).toBe(20)
})

test('P9: a tool whose header mirroring is wrong is left out, and no other', async () => {
  const session = await openSession(hub)
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
  const lists = [
    await sendRaw(hub, modernRequest('tools/list')),
    await sendRaw(hub, { headers: session.headers, body: list }),
  ]
  for (const { body } of lists) {
    expect(body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['echo', 'number'])
  }
})

describe('P10: what a server asks', () => {
  const evil = (method: string, params: object) => {
    const answers: unknown[] = []
    legacy.answer = ({ body }, res) => {
      if (body.method === undefined) {
        answers.push(body)
        return void res.writeHead(202).end()
      }
      const send = openEvents(res)
      send({ jsonrpc: '2.0', id: 'evil', method, params })
      const timer = setInterval(() => {
        if (answers.length === 0) return
        clearInterval(timer)
        send({ jsonrpc: '2.0', id: body.id, result: textResult('refused') })
        res.end()
      }, 10)
    }
    return answers
  }
  const page = (url: string) => ({ mode: 'url', message: 'Look', url, elicitationId: 'e' })

  test.each<[string, object, string, object]>([
    ['sampling that was not declared', {}, 'sampling/createMessage', { messages: [], maxTokens: 1 }],
    ['roots that were not declared', ELICITATION, 'roots/list', {}],
    ['a page without TLS', ELICITATION, 'elicitation/create', page('http://evil.example/')],
    ['a page that is a script', ELICITATION, 'elicitation/create', page('javascript:alert(1)')],
    ['something no client knows', ELICITATION, 'evil/run', {}],
  ])('%s reaches no client of either revision', async (_what, capabilities, method, params) => {
    const answers = evil(method, params)
    const fromModern = await sendRaw(hub, callOld(capabilities))
    expect(fromModern.body.result.content).toEqual(textResult('refused').content)
    expect(fromModern.text).not.toContain('evil')
    expect(answers).toMatchObject([{ id: 'evil', error: { code: -32601 } }])

    const more = evil(method, params)
    const session = await openSession(hub, capabilities, OLD)
    const fromSession = await sendRaw(hub, { path: OLD, ...legacyCall(session, 'echo') })
    expect(fromSession.body.result).toEqual(textResult('refused'))
    expect(fromSession.text).not.toContain('evil')
    expect(more).toMatchObject([{ id: 'evil', error: { code: -32601 } }])
  })

  test('a modern server’s question that the session’s client did not declare reaches nobody', async () => {
    const session = await openSession(hub)
    modern.answer = () => ({
      resultType: 'input_required',
      inputRequests: { q: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } } },
    })
    const reply = await sendRaw(hub, legacyCall(session, 'echo'))
    expect(reply.body).toMatchObject({ error: { code: 4750 } })
    expect(reply.text).not.toContain('"method"')
  })
})
