import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { BY, grantsOf, type Granting } from './granting-hub.ts'
import { openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

type Json = Record<string, any>

const RESULTS: Json = {
  'server/discover': {
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} },
  },
  'tools/list': { tools: [] },
  'resources/list': {
    resources: [
      { uri: 'note:///1', name: 'one' },
      { uri: 'note:///2', name: 'two' },
      { uri: 'other:///1', name: 'other' },
    ],
  },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'note:///{id}', name: 'a note' }] },
  'prompts/list': { prompts: [{ name: 'greet' }, { name: 'leave' }] },
  'resources/read': { contents: [{ uri: 'note:///1', text: 'secret' }] },
  'prompts/get': { messages: [] },
  'completion/complete': { completion: { values: ['x'] } },
}

const asked: { method: string; params: Json }[] = []
const server = createServer((req, res) => {
  let text = ''
  req.on('data', (chunk: Buffer) => (text += chunk.toString()))
  req.on('end', () => {
    const { id, method, params } = JSON.parse(text) as Json
    asked.push({ method, params })
    if (method !== 'subscriptions/listen') {
      const result = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'public', ...RESULTS[method] }
      res.writeHead(200, { 'content-type': 'application/json' })
      return void res.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    }
    const acknowledged = {
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: {
        notifications: params.notifications,
        _meta: { 'io.modelcontextprotocol/subscriptionId': id },
      },
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(`data: ${JSON.stringify(acknowledged)}\n\n`)
  })
})

let hub: TestHub
let own: Granting
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hub = await startTestHub()
  own = grantsOf(hub)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  await hub.api('POST', '/api/servers', { name: 'one', url })
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  server.closeAllConnections()
  server.close()
})
beforeEach(() => (asked.length = 0))

const everyone = () =>
  hub.hub.grants.entitlementsOf({ kind: 'group', id: 'grp_00000000000000000000000000' })[0]!

/** What people may have at all is no more than this, for as long as the work takes. */
async function entitledTo(capabilities: readonly string[], work: () => Promise<void>): Promise<void> {
  const { id, terms } = everyone()
  const rules = capabilities.map((capability) => ({ capability }))
  await hub.hub.grants.changeTerms(id, { ...terms, capabilities: rules }, BY)
  try {
    await work()
  } finally {
    await hub.hub.grants.changeTerms(id, terms, BY)
  }
}

async function callerOf(capabilities: readonly string[], path = '/mcp/servers/one'): Promise<TestHub> {
  return own.as(own.token(await own.grant(capabilities), { aud: hub.url + path }))
}

const read = (uri: string) => modernRequest('resources/read', { uri })
const count = (method: string) => asked.filter((one) => one.method === method).length

test('G3: a template that is granted lets its resources be listed and read, and no others', () =>
  entitledTo(['template:one/note:///{id}'], async () => {
    const caller = await callerOf(['template:one/note:///{id}'])
    const listed = await sendRaw(caller, modernRequest('resources/list'))
    expect(listed.body.result.resources.map(({ uri }: Json) => uri)).toEqual(['note:///1', 'note:///2'])
    expect(listed.body.result.cacheScope).toBe('private')
    expect((await sendRaw(caller, read('note:///1'))).status).toBe(200)
    expect((await sendRaw(caller, read('other:///1'))).status).toBe(400)
    expect(count('resources/read')).toBe(1)
  }))

test('G3: a single resource that is granted is the only one, on either endpoint and in either era', () =>
  entitledTo(['resource:one/note:///2'], async () => {
    const caller = await callerOf(['resource:one/note:///2'])
    const merged = await callerOf(['resource:one/note:///2'], '/mcp')
    const uris = ({ body }: Json) => body.result.resources.map(({ uri }: Json) => uri)
    expect(uris(await sendRaw(caller, modernRequest('resources/list')))).toEqual(['note:///2'])
    expect(uris(await sendRaw(merged, { path: '/mcp', ...modernRequest('resources/list') }))).toEqual([
      'note:///2',
    ])
    const session = await openSession(caller)
    const legacy = (method: string, params: Json = {}) =>
      sendRaw(caller, { headers: session.headers, body: { jsonrpc: '2.0', id: 1, method, params } })
    expect(uris(await legacy('resources/list'))).toEqual(['note:///2'])
    for (const uri of ['note:///1', 'NOTE:///2', 'note:///2/', 'note:///%32']) {
      expect((await sendRaw(caller, read(uri))).body.error, uri).toBeDefined()
      expect((await sendRaw(merged, { path: '/mcp', ...read(uri) })).body.error, uri).toBeDefined()
      expect((await legacy('resources/read', { uri })).body.error, uri).toBeDefined()
      expect((await legacy('resources/subscribe', { uri })).body.error, uri).toBeDefined()
    }
    expect(count('resources/read')).toBe(0)
    const templates = await sendRaw(caller, modernRequest('resources/templates/list'))
    expect(templates.body.result.resourceTemplates).toEqual([])
  }))

test('G3: nothing is told of changes to what may not be read', () =>
  entitledTo(['resource:one/note:///2'], async () => {
    const caller = await callerOf(['resource:one/note:///2'])
    const merged = await callerOf(['resource:one/note:///2'], '/mcp')
    const listen = (uri: string) =>
      modernRequest('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } })
    expect((await sendRaw(caller, listen('note:///1'))).status).toBe(400)
    expect((await sendRaw(merged, { path: '/mcp', ...listen('note:///1') })).status).toBe(400)
    expect(count('subscriptions/listen')).toBe(0)
    const stream = await openRaw(caller, listen('note:///2'))
    expect(stream.status).toBe(200)
    await until(() => count('subscriptions/listen') > 0)
    stream.cut()
  }))

test('G3: prompts and the completion of their arguments follow the same rule', () =>
  entitledTo(['prompt:one/greet'], async () => {
    const caller = await callerOf(['prompt:one/greet'])
    const prompts = await sendRaw(caller, modernRequest('prompts/list'))
    expect(prompts.body.result.prompts.map(({ name }: Json) => name)).toEqual(['greet'])
    const complete = (ref: Json) =>
      sendRaw(caller, modernRequest('completion/complete', { ref, argument: { name: 'a', value: '' } }))
    expect((await complete({ type: 'ref/prompt', name: 'greet' })).status).toBe(200)
    const hidden = await complete({ type: 'ref/prompt', name: 'leave' })
    const unknown = await complete({ type: 'ref/prompt', name: 'never' })
    expect(hidden.text.replaceAll('leave', 'never')).toBe(unknown.text)
    expect((await complete({ type: 'ref/resource', uri: 'note:///{id}' })).status).toBe(400)
    expect((await sendRaw(caller, modernRequest('prompts/get', { name: 'leave' }))).status).toBe(400)
    expect(count('completion/complete')).toBe(1)
    expect(count('prompts/get')).toBe(0)
  }))
