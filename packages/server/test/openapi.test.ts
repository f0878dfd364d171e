import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { json, startService, type RecordingService } from './recording-service.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const SHOP = `
openapi: 3.0.3
info: { title: Shop, version: '1.2' }
paths:
  /orders/{orderId}:
    parameters:
      - { name: orderId, in: path, required: true, schema: { type: string } }
    get:
      operationId: orders/get
      summary: Get one order
      tags: [orders]
      parameters:
        - { name: 'fields[]', in: query, schema: { type: array, items: { type: string } } }
        - { name: X-Trace, in: header, schema: { type: string } }
      responses:
        '200':
          description: ok
          content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } }
    delete:
      operationId: orders/delete
      tags: [orders]
      responses: { '204': { description: gone } }
  /orders:
    post:
      operationId: orders/create
      tags: [orders]
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } }
      responses: { '201': { description: made, content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } } } }
  /old:
    get: { operationId: old, deprecated: true, responses: { '200': { description: ok } } }
  /admin:
    get: { operationId: admin/look, tags: [admin], responses: { '200': { description: ok } } }
components:
  schemas:
    Order:
      type: object
      required: [id, note]
      properties:
        id: { type: string, readOnly: true }
        note: { type: string, nullable: true, maxLength: 20 }
        parts: { type: array, items: { $ref: '#/components/schemas/Order' } }
`

let hub: TestHub
let service: RecordingService

beforeAll(async () => {
  service = await startService()
  hub = await startTestHub()
  const body = {
    name: 'shop',
    url: `${service.origin}/v1/`,
    openapi: { document: SHOP, exclude: ['GET /admin*'] },
  }
  const added = await hub.api('POST', '/api/servers', body)
  expect(added).toMatchObject({
    status: 200,
    body: { transport: 'openapi', health: 'ready', era: '2026-07-28', counts: { tools: 3 }, lastError: null },
  })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

beforeEach(() => {
  service.seen.length = 0
  service.answer = () => json({ ok: true })
})

async function mcp(method: string, params: object, path = '/mcp/servers/shop') {
  const { headers, body } = modernRequest(method, params as Record<string, unknown>)
  const response = await fetch(hub.url + path, {
    method: 'POST',
    headers: { ...hub.headers, ...headers },
    body: JSON.stringify(body),
  })
  return (await response.json()) as any
}

const call = (name: string, args: object, path?: string) => mcp('tools/call', { name, arguments: args }, path)

describe('a service with an OpenAPI document is a server', () => {
  test('its operations are tools, with schemas, hints and what they stand for', async () => {
    const { result } = await mcp('tools/list', {})
    expect(result.tools.map((tool: any) => tool.name)).toEqual([
      'orders_get',
      'orders_delete',
      'orders_create',
    ])
    const [get, remove, create] = result.tools
    expect(get).toMatchObject({
      title: 'Get one order',
      annotations: { readOnlyHint: true },
      inputSchema: {
        type: 'object',
        required: ['orderId'],
        additionalProperties: false,
        properties: { orderId: { type: 'string' }, fields: { type: 'array' }, 'X-Trace': { type: 'string' } },
      },
      outputSchema: { type: 'object', $ref: '#/$defs/Order' },
      _meta: { 'parley/operation': { method: 'GET', path: '/orders/{orderId}' } },
    })
    expect(remove.annotations).toMatchObject({ destructiveHint: true })
    expect(Object.keys(create.inputSchema.properties)).toEqual(['note', 'parts'])
    expect(create.inputSchema.properties.note).toEqual({ type: ['string', 'null'], maxLength: 20 })
  })

  test('a call is the request, and its answer the structured content', async () => {
    service.answer = () => json({ id: '7', note: null })
    const { result } = await call('orders_get', { orderId: '7', fields: ['id', 'a&b'], 'X-Trace': 'abc' })
    expect(result).toMatchObject({
      content: [{ type: 'text', text: '{"id":"7","note":null}' }],
      structuredContent: { id: '7', note: null },
    })
    expect(service.seen).toMatchObject([
      {
        method: 'GET',
        target: '/v1/orders/7?fields%5B%5D=id&fields%5B%5D=a%26b',
        headers: { 'x-trace': 'abc' },
      },
    ])
    expect(JSON.stringify(service.seen[0]!.headers)).not.toContain(hub.key)
    expect(service.seen[0]!.headers.authorization).toBeUndefined()
  })

  test('it is reached by the merged endpoint too, and recorded', async () => {
    await call('shop__orders_create', { note: 'hello' }, '/mcp')
    expect(service.seen).toMatchObject([{ method: 'POST', target: '/v1/orders' }])
    expect(JSON.parse(service.seen[0]!.body.toString())).toEqual({ note: 'hello' })
  })

  test('arguments that do not fit are the tool’s error and never sent', async () => {
    const { result } = await call('orders_create', { note: 5, colour: 'red' })
    expect(result.isError).toBe(true)
    expect(result.content[0].text).toContain('/note must be a string or null')
    expect(result.content[0].text).toContain('/colour is not known here')
    expect(service.seen).toEqual([])
  })

  test('an error of the service is the tool’s error with its words', async () => {
    service.answer = () => json({ error: { message: 'No such order' } }, 404)
    const { result } = await call('orders_get', { orderId: '8' })
    expect(result).toMatchObject({ isError: true })
    expect(result.content[0].text).toContain('HTTP 404: No such order')
  })

  test('what was left out cannot be called', async () => {
    for (const name of ['old', 'admin_look']) {
      expect(await call(name, {})).toMatchObject({ error: { message: expect.any(String) } })
    }
    expect(service.seen).toEqual([])
  })
})

const tools = async (server: string, of: TestHub = hub) => {
  const { body } = await of.api('GET', `/api/servers/${server}`)
  const byState = (state: string) =>
    body.definitions.filter((one: any) => one.state === state).map((one: any) => one.name)
  return { approved: byState('approved'), held: byState('quarantined'), lastError: body.lastError }
}

describe('a document that changes', () => {
  test('in a file: what it says now is held back until it is reviewed', async () => {
    const yaml = `servers:\n  shop: { openapi: ./shop.yaml, url: '${service.origin}/v1', operations: { tags: [orders] } }\n`
    await using own = await startTestHub(yaml, { files: { 'shop.yaml': SHOP } })
    await until(async () => (await tools('shop', own)).approved.length === 3)
    // The same tool for another request is another tool.
    writeFileSync(
      join(own.directory, 'shop.yaml'),
      SHOP.replaceAll('/orders/{orderId}:', '/refunds/{orderId}:'),
    )
    await until(async () => {
      await own.api('POST', '/api/servers/shop/refresh')
      return (await tools('shop', own)).held.length === 2
    })
    expect(await tools('shop', own)).toMatchObject({
      approved: ['orders_create'],
      held: ['orders_delete', 'orders_get'],
    })
    const { headers, body } = modernRequest('tools/call', {
      name: 'orders_delete',
      arguments: { orderId: '1' },
    })
    const response = await fetch(`${own.url}/mcp/servers/shop`, {
      method: 'POST',
      headers: { ...own.headers, ...headers },
      body: JSON.stringify(body),
    })
    expect(await response.json()).toMatchObject({ error: {} })
    expect(service.seen).toEqual([])
  }, 20_000)

  test('in a file that cannot be read any more: the tools are as they were, and it is said', async () => {
    const yaml = `servers:\n  shop: { openapi: ./shop.yaml, url: '${service.origin}/v1' }\n`
    await using own = await startTestHub(yaml, { files: { 'shop.yaml': SHOP } })
    await until(async () => (await tools('shop', own)).approved.length === 4)
    writeFileSync(join(own.directory, 'shop.yaml'), 'openapi: 3.0.3\npaths: [')
    await until(async () => {
      await own.api('POST', '/api/servers/shop/refresh')
      return (await tools('shop', own)).lastError !== null
    })
    expect(await tools('shop', own)).toMatchObject({
      held: [],
      lastError: expect.stringContaining('cannot be read any more') as string,
    })
  }, 20_000)
})
