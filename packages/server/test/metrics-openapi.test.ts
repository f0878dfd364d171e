import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { apiRoutes } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub[Symbol.asyncDispose]())

const metrics = (headers: Record<string, string>, method = 'GET') =>
  fetch(`${hub.url}/metrics`, { method, headers })

async function valueOf(line: string): Promise<number> {
  const text = await (await metrics(hub.headers)).text()
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return found === undefined ? Number.NaN : Number(found.slice(line.length + 1))
}

test('metrics are in the Prometheus text format, every family with its help and type', async () => {
  const response = await metrics(hub.headers)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  const families = new Set(
    [...text.matchAll(/^# TYPE (\w+) (?:counter|gauge|histogram)$/gm)].map((row) => row[1]),
  )
  const described = [...text.matchAll(/^# HELP (\w+) \S.*$/gm)].map((row) => row[1])
  expect(described).toEqual([...families])
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('#')) continue
    const [, name] = /^(\w+)(?:\{(?:\w+="[^"]*",?)+\})? (?:[\d.e+-]+|\+Inf|NaN)$/.exec(line) ?? []
    expect(name, line).toBeDefined()
    expect(families, line).toContain(name!.replace(/_(?:bucket|sum|count)$/, ''))
  }
})

test('without the key there are no metrics, and the attempt is counted', async () => {
  const before = await valueOf('parley_unauthenticated_total')
  for (const headers of [{}, { Authorization: 'Bearer parley_admin_wrong' }]) {
    const response = await metrics(headers)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('parley_calls_total')
  }
  expect((await metrics(hub.headers, 'POST')).status).toBe(405)
  expect((await fetch(`${hub.url}/metrics/x`, { headers: hub.headers })).status).toBe(404)
  expect(await valueOf('parley_unauthenticated_total')).toBe(before + 2)
})

test('calls are counted by what came of them, and servers by their health', async () => {
  await hub.api('POST', '/api/servers', { name: 'gone', url: 'http://localhost:1/mcp' })
  await hub.api('POST', '/api/servers', { name: 'gone', url: 'http://localhost:1/mcp' })
  expect(await valueOf('parley_calls_total{face="api",method="addServer",result="ok"}')).toBe(1)
  expect(await valueOf('parley_calls_total{face="api",method="addServer",result="conflict"}')).toBe(1)
  expect(await valueOf('parley_call_duration_seconds_count{face="api"}')).toBeGreaterThanOrEqual(2)
  await until(async () => (await valueOf('parley_server_ready{server="gone",health="unreachable"}')) === 0)
  expect(await valueOf('parley_store_writable')).toBe(1)
  expect(await valueOf('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
  await hub.api('DELETE', '/api/servers/gone')
  expect(await (await metrics(hub.headers)).text()).not.toContain('gone')
})

test('an open session and its stream are seen, and no longer once the client is gone', async () => {
  const clientInfo = { name: 't', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const opened = await fetch(`${hub.url}/mcp`, {
    method: 'POST',
    headers: {
      ...hub.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  })
  await opened.text()
  expect(await valueOf('parley_sessions')).toBe(1)
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! }
  const stream = await fetch(`${hub.url}/mcp`, {
    headers: { ...hub.headers, accept: 'text/event-stream', ...session },
  })
  expect(await valueOf('parley_event_streams')).toBe(1)
  await stream.body!.cancel()
  await until(async () => (await valueOf('parley_event_streams')) === 0)
})

test('the OpenAPI document names every route, and each of its schemas is sound JSON Schema 2020-12', async () => {
  const { status, body } = await hub.api('GET', '/api/openapi.json')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    openapi: '3.1.1',
    info: { title: expect.any(String), version: expect.any(String) },
  })
  expect(body.servers).toEqual([{ url: hub.url }])
  expect(await new Validator().validate(structuredClone(body))).toMatchObject({ valid: true })
  const ids: string[] = []
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  for (const [path, item] of Object.entries<any>(body.paths)) {
    expect(path).toMatch(/^\/api\//)
    for (const [method, operation] of Object.entries<any>(item)) {
      expect(['get', 'post', 'put', 'patch', 'delete']).toContain(method)
      ids.push(operation.operationId)
      const inPath = (operation.parameters ?? []).filter((one: any) => one.in === 'path')
      expect(inPath.map((one: any) => `{${one.name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
      expect(inPath.every((one: any) => one.required === true && one.schema)).toBe(true)
      expect(Object.keys(operation.responses)).toEqual(['200', 'default'])
      for (const response of Object.values<any>(operation.responses))
        expect(response.description).toBeTruthy()
      ajv.compile(operation.responses['200'].content['application/json'].schema)
      if (operation.requestBody) ajv.compile(operation.requestBody.content['application/json'].schema)
    }
  }
  expect(ids.sort()).toEqual(Object.keys(apiRoutes).sort())
  ajv.compile(body.components.schemas.Problem)
  expect(JSON.stringify(body)).not.toContain('$schema')
})

test('what the hub answers is what the document says', async () => {
  await hub.api('POST', '/api/servers', { name: 'one', url: 'http://localhost:1/mcp' })
  const { body: document } = await hub.api('GET', '/api/openapi.json')
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  for (const [path, filled] of [
    ['/api/status', '/api/status'],
    ['/api/servers', '/api/servers'],
    ['/api/servers/{name}', '/api/servers/one'],
    ['/api/activity', '/api/activity'],
  ] as const) {
    const { body } = await hub.api('GET', filled)
    const { schema } = document.paths[path].get.responses['200'].content['application/json']
    expect(ajv.validate(schema, body), `${path}: ${ajv.errorsText()}`).toBe(true)
  }
  const refused = await hub.api('GET', '/api/servers/none')
  expect(ajv.validate(document.components.schemas.Problem, refused.body), ajv.errorsText()).toBe(true)
})

test('the OpenAPI document needs the key', async () => {
  const response = await fetch(`${hub.url}/api/openapi.json`)
  expect(response.status).toBe(401)
  expect(await response.text()).not.toContain('paths')
})
