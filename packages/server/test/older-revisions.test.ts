import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openRaw, sendRaw } from './raw-mcp.ts'
import { openEvents, startSessionServer, textResult } from './scripted-session-server.ts'
import type { ScriptedSessionServer } from './scripted-session-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** Clients of 2025-06-18, 2025-03-26 and 2024-11-05 over Streamable HTTP, in front of servers of newer revisions. */

const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const
type Revision = (typeof REVISIONS)[number]

const rich = {
  name: 'rich',
  title: 'Rich',
  description: 'All there is',
  icons: [{ src: 'https://example.com/i.png' }],
  inputSchema: { type: 'object' },
  outputSchema: { type: 'object', properties: { grams: { type: 'number' } } },
  annotations: { readOnlyHint: true },
  _meta: { 'example.com/kept': true },
}
const content = [
  { type: 'text', text: 'plain' },
  { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
  { type: 'resource_link', uri: 'file:///a.txt', name: 'a', description: 'The file' },
]

let hub: TestHub
let modern: ScriptedUpstream
let legacy: ScriptedSessionServer
let plain: ScriptedSessionServer['answer']

beforeAll(async () => {
  modern = await startScriptedUpstream([rich])
  legacy = await startSessionServer([rich])
  plain = legacy.answer
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: modern.url })
  await hub.api('POST', '/api/servers', { name: 'old', url: legacy.url })
})

afterEach(() => {
  legacy.answer = plain
  modern.answer = () => ({ content, structuredContent: { grams: 3 } })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await modern[Symbol.asyncDispose]()
  await legacy[Symbol.asyncDispose]()
})

async function open(revision: string, { path = '/mcp/servers/one', capabilities = {} } = {}) {
  const params = { protocolVersion: revision, capabilities, clientInfo: { name: 'old', version: '1' } }
  const opened = await sendRaw(hub, { path, body: { jsonrpc: '2.0', id: 1, method: 'initialize', params } })
  const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  return {
    headers,
    initialize: opened.body.result,
    send: (body: unknown, more = {}) => sendRaw(hub, { path, headers: { ...headers, ...more }, body }),
    open: (body: unknown) => openRaw(hub, { path, headers, body }),
  }
}

const request = (method: string, params = {}, id: string | number = 7) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})
const call = (id: string | number = 7, name = 'rich') => request('tools/call', { name, arguments: {} }, id)

describe('the revision of a session', () => {
  test.each(REVISIONS)('is %s where the client asks for it, at one server and at all', async (revision) => {
    for (const path of ['/mcp/servers/one', '/mcp/servers/old', '/mcp']) {
      const { initialize } = await open(revision, { path })
      expect(initialize.protocolVersion).toBe(revision)
      expect('completions' in initialize.capabilities).toBe(path === '/mcp' && revision > '2025')
      expect('title' in initialize.serverInfo).toBe(path === '/mcp' && revision >= '2025-06-18')
    }
  })

  test.each(['2024-10-07', '2026-07-28', '2031-01-01', ''])(
    'is the newest one where it asks for %s',
    async (asked) => {
      expect((await open(asked)).initialize.protocolVersion).toBe('2025-11-25')
    },
  )

  test.each(REVISIONS)(
    '%s: its header may be left out, and none but its own is accepted',
    async (revision) => {
      const session = await open(revision)
      const ping = request('ping')
      expect((await session.send(ping)).body.result).toEqual({})
      expect((await session.send(ping, { 'mcp-protocol-version': revision })).body.result).toEqual({})
      for (const other of REVISIONS.filter((one) => one !== revision)) {
        const refused = await session.send(ping, { 'mcp-protocol-version': other })
        expect(refused).toMatchObject({ status: 400, body: { error: { code: -32022 } } })
      }
    },
  )
})

describe('what is newer than the client', () => {
  const expected: Record<Revision, object> = {
    '2025-11-25': rich,
    '2025-06-18': without(rich, 'icons'),
    '2025-03-26': {
      ...without(rich, 'icons', 'title', 'outputSchema'),
      annotations: { title: 'Rich', readOnlyHint: true },
    },
    '2024-11-05': without(rich, 'icons', 'title', 'outputSchema', 'annotations'),
  }

  test.each(REVISIONS)('%s: is left out of lists, in front of either era', async (revision) => {
    for (const path of ['/mcp/servers/one', '/mcp/servers/old']) {
      const { body } = await (await open(revision, { path })).send(request('tools/list'))
      expect(body.result.tools).toEqual([expected[revision]])
    }
    const { body } = await (await open(revision, { path: '/mcp' })).send(request('tools/list'))
    const names = body.result.tools.map(({ name }: { name: string }) => name)
    expect(names).toEqual(['old__rich', 'one__rich'])
    // The hub runs any tool as a task there, and says so where the revision has tasks.
    const tasks = revision === '2025-11-25' ? { execution: { taskSupport: 'optional' } } : {}
    expect(body.result.tools[1]).toEqual({ ...expected[revision], ...tasks, name: 'one__rich' })
  })

  test.each(REVISIONS)('%s: is translated in results', async (revision) => {
    const { body } = await (await open(revision)).send(call())
    const { content: blocks, structuredContent } = body.result
    expect(structuredContent).toEqual(revision >= '2025-06-18' ? { grams: 3 } : undefined)
    const audio = {
      type: 'resource',
      resource: { uri: 'embedded:audio', mimeType: 'audio/wav', blob: 'AAAA' },
    }
    const link = { type: 'text', text: 'a: The file (file:///a.txt)' }
    expect(blocks).toEqual([
      content[0],
      revision >= '2025-03-26' ? content[1] : audio,
      revision >= '2025-06-18' ? content[2] : link,
    ])
  })

  test('structured content alone becomes text', async () => {
    modern.answer = () => ({ content: [], structuredContent: { grams: 3 } })
    const { body } = await (await open('2025-03-26')).send(call())
    expect(body.result).toEqual({ content: [{ type: 'text', text: '{"grams":3}' }] })
  })

  test('structured content that is no object reaches no session', async () => {
    modern.answer = () => ({ content: [], structuredContent: [1, 2] })
    for (const revision of REVISIONS) {
      const { body } = await (await open(revision)).send(call())
      expect(body.result).toEqual({ content: [{ type: 'text', text: '[1,2]' }] })
    }
  })

  test.each(REVISIONS)('%s: progress has a message where the revision has one', async (revision) => {
    legacy.answer = ({ body }, res) => {
      const { progressToken } = (body.params as any)._meta
      const send = openEvents(res)
      const params = { progressToken, progress: 1, message: 'halfway' }
      send({ jsonrpc: '2.0', method: 'notifications/progress', params })
      send({ jsonrpc: '2.0', id: body.id, result: textResult('done') })
      res.end()
    }
    const session = await open(revision, { path: '/mcp/servers/old' })
    const params = { name: 'rich', arguments: {}, _meta: { progressToken: 'p' } }
    const stream = await session.open(request('tools/call', params))
    await stream.ended
    expect(stream.messages[0].params).toEqual({
      progressToken: 'p',
      progress: 1,
      ...(revision === '2024-11-05' ? {} : { message: 'halfway' }),
    })
    // Clients of earlier revisions take an event without data for a broken one.
    expect(stream.events.some(({ data }) => data === '')).toBe(revision === '2025-11-25')
  })
})

describe('what a client of an earlier revision can be asked', () => {
  const choice = {
    type: 'string',
    oneOf: [
      { const: 'r', title: 'Red' },
      { const: 'g', title: 'Green' },
    ],
  }
  const asking = (params: object, method = 'elicitation/create') => {
    const answers: any[] = []
    legacy.answer = ({ body }, res) => {
      if (body.method === undefined) {
        answers.push(body)
        return void res.writeHead(202).end()
      }
      const send = openEvents(res)
      send({ jsonrpc: '2.0', id: 'ask', method, params })
      void until(() => answers.length > 0).then(() => {
        send({ jsonrpc: '2.0', id: body.id, result: textResult('over') })
        res.end()
      })
    }
    return answers
  }
  const everything = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} }
  const askedOf = async (revision: Revision, params: object, method?: string) => {
    const answers = asking(params, method)
    const session = await open(revision, { path: '/mcp/servers/old', capabilities: everything })
    const stream = await session.open(call())
    await until(() => stream.messages.length > 0)
    const [asked] = stream.messages
    if (asked.method !== undefined) {
      await session.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'decline' } })
    }
    await stream.ended
    return { asked, answer: answers[0] }
  }

  test('a form goes to 2025-06-18 in its words, and to nobody earlier', async () => {
    const properties = { color: { ...choice, default: 'r' }, sure: { type: 'boolean', default: true } }
    const params = { mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties } }
    const { asked } = await askedOf('2025-06-18', params)
    expect(asked.params).toEqual({
      message: 'Which?',
      requestedSchema: {
        type: 'object',
        properties: {
          color: { type: 'string', enum: ['r', 'g'], enumNames: ['Red', 'Green'] },
          sure: { type: 'boolean', default: true },
        },
      },
    })
    for (const revision of ['2025-03-26', '2024-11-05'] as const) {
      const refused = await askedOf(revision, params)
      expect(refused.asked.method).toBeUndefined()
      expect(refused.answer.error.code).toBe(-32601)
    }
  })

  test('several choices at once are left out where they are optional, and refused where not', async () => {
    const many = { type: 'array', items: { type: 'string', enum: ['a', 'b'] } }
    const properties = { word: { type: 'string' }, many }
    const ask = (required: string[]) =>
      askedOf('2025-06-18', { message: 'Which?', requestedSchema: { type: 'object', properties, required } })
    const asked = await ask(['word'])
    expect(asked.asked.params.requestedSchema.properties).toEqual({ word: { type: 'string' } })
    const refused = await ask(['many'])
    expect(refused.asked.method).toBeUndefined()
    expect(refused.answer.error.message).toContain('2025-06-18')
  })

  test('a page, and tools in sampling, are for 2025-11-25 alone, whatever a client declares', async () => {
    const page = { mode: 'url', message: 'Look', url: 'https://example.com/', elicitationId: 'e' }
    const sampling = { messages: [], maxTokens: 1, tools: [] }
    for (const revision of REVISIONS) {
      const isNew = revision === '2025-11-25'
      const one = await askedOf(revision, page)
      expect(one.asked.method).toBe(isNew ? 'elicitation/create' : undefined)
      const other = await askedOf(revision, sampling, 'sampling/createMessage')
      expect(other.asked.method).toBe(isNew ? 'sampling/createMessage' : undefined)
      if (!isNew) expect([one.answer.error.code, other.answer.error.code]).toEqual([-32601, -32601])
    }
  })
})

describe('batches', () => {
  test('2025-03-26: each request is answered, and what else is in it is heard', async () => {
    const session = await open('2025-03-26')
    const before = modern.calls.length
    const batch = [
      call('a'),
      request('ping', {}, 'b'),
      request('server/discover', {}, 3),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    ]
    const reply = await session.send(batch)
    expect(reply.headers['content-type']).toBe('application/json')
    const byId = Object.fromEntries(reply.body.map((one: any) => [one.id, one]))
    expect(Object.keys(byId).sort()).toEqual(['3', 'a', 'b'])
    expect(byId['a'].result.content[0]).toEqual(content[0])
    expect(byId['b'].result).toEqual({})
    expect(byId['3'].error.code).toBe(-32601)
    expect(modern.calls).toHaveLength(before + 1)
  })

  test('2025-03-26: with something to tell before the end it is one stream', async () => {
    const log = { level: 'info', data: 'on it' }
    legacy.answer = ({ body }, res) => {
      const send = openEvents(res)
      send({ jsonrpc: '2.0', method: 'notifications/message', params: log })
      send({ jsonrpc: '2.0', id: body.id, result: textResult('done') })
      res.end()
    }
    const session = await open('2025-03-26', { path: '/mcp/servers/old' })
    const stream = await session.open([request('ping', {}, 'p'), call('x'), call('y')])
    await stream.ended
    expect(stream.messages.filter(({ method }) => method !== undefined)).toHaveLength(2)
    expect(stream.messages.flatMap(({ id }) => id ?? []).sort()).toEqual(['p', 'x', 'y'])
  })

  test('2025-03-26: of notifications alone it is accepted without a body', async () => {
    const reply = await (
      await open('2025-03-26')
    ).send([{ jsonrpc: '2.0', method: 'notifications/initialized' }])
    expect(reply).toMatchObject({ status: 202, text: '' })
  })

  const initialize = request('initialize', {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: {},
  })
  test.each<[string, unknown, number]>([
    ['an empty one', [], -32600],
    ['one with 101 messages', Array.from({ length: 101 }, (_, at) => call(at)), -32600],
    ['one with an id twice', [call(1), call(1)], -32600],
    ['one with initialize', [call(1), initialize], -32600],
    ['one within another', [call(1), [call(2)]], -32600],
    ['one with something else', [call(1), 5], -32600],
    [
      'one with two names for a thing',
      '[{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}]',
      -32600,
    ],
  ])('2025-03-26: %s is refused as a whole', async (_what, batch, code) => {
    const session = await open('2025-03-26')
    const before = modern.calls.length
    expect(await session.send(batch)).toMatchObject({ status: 400, body: { error: { code } } })
    expect(modern.calls).toHaveLength(before)
  })

  test('are refused in sessions of every other revision, and without one', async () => {
    const before = modern.calls.length
    for (const revision of REVISIONS.filter((one) => one !== '2025-03-26')) {
      const refused = await (await open(revision)).send([call()])
      expect(refused).toMatchObject({ status: 400, body: { error: { code: -32600 } } })
    }
    expect((await sendRaw(hub, { body: [call()] })).status).toBe(400)
    expect(modern.calls).toHaveLength(before)
  })
})

function without(value: object, ...fields: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)))
}
