import { expect, test } from 'vitest'
import { json, startService } from './recording-service.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const document = (paths: object, more: object = {}) =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Small', version: '1' }, paths, ...more })
const ONE = { '/one': { get: { operationId: 'one' } } }
const TWO = { ...ONE, '/two': { get: { operationId: 'two' } } }

const show = async (hub: TestHub, name: string) => (await hub.api('GET', `/api/servers/${name}`)).body
const names = (body: any, state = 'approved') =>
  body.definitions.filter((one: any) => one.state === state).map((one: any) => one.name)

async function call(hub: TestHub, name: string, server = 'small', args: object = {}) {
  const { headers, body } = modernRequest('tools/call', { name, arguments: args })
  const response = await fetch(`${hub.url}/mcp/servers/${server}`, {
    method: 'POST',
    headers: { ...hub.headers, ...headers },
    body: JSON.stringify(body),
  })
  return (await response.json()) as any
}

test('a document at a URL is asked for with its tag, kept, and held back where it changed', async () => {
  await using service = await startService()
  let now = document(ONE)
  service.answer = ({ target, headers }) => {
    if (target !== '/openapi.json?v=1') return json({ ok: true })
    const etag = `"${now.length}"`
    if (headers['if-none-match'] === etag) return { status: 304 }
    return { ...json(JSON.parse(now)), headers: { 'content-type': 'application/json', etag } }
  }
  const body = { name: 'small', url: service.origin, openapi: { url: `${service.origin}/openapi.json?v=1` } }
  await using hub = await startTestHub()
  expect(await hub.api('POST', '/api/servers', body)).toMatchObject({
    status: 200,
    body: { health: 'ready', counts: { tools: 1 } },
  })
  await hub.api('POST', '/api/servers/small/refresh')
  expect(service.seen.at(-1)!.headers['if-none-match']).toBe(`"${now.length}"`)
  now = document(TWO)
  await hub.api('POST', '/api/servers/small/refresh')
  const changed = await show(hub, 'small')
  expect([names(changed), names(changed, 'quarantined')]).toEqual([['one'], ['two']])
  expect(await call(hub, 'two')).toMatchObject({ error: {} })
  expect(service.seen.map(({ target }) => target)).not.toContain('/two')
  // Nothing of the hub's goes to whoever has the document.
  for (const { headers } of service.seen) expect(headers.authorization).toBeUndefined()
  const { body: activity } = await hub.api('GET', '/api/activity')
  const notes = activity.records.filter((one: any) => one.action === 'server.document')
  expect(notes).toHaveLength(2)
})

test('a hub that cannot fetch the document starts with the last one, and says so', async () => {
  const service = await startService(() => json(JSON.parse(document(ONE))))
  const yaml = `servers: { small: { url: '${service.origin}', openapi: '${service.origin}/openapi.json' } }`
  const first = await startTestHub(yaml)
  await until(async () => names(await show(first, 'small')).length === 1)
  await service[Symbol.asyncDispose]()
  const { dataDir } = first
  await first.hub[Symbol.asyncDispose]()
  const second = await startTestHub(yaml, { dataDir })
  await until(async () => (await show(second, 'small')).health === 'ready')
  expect(await show(second, 'small')).toMatchObject({
    lastError: expect.stringContaining('The document is the last one that was fetched') as string,
    counts: { tools: 1 },
  })
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
})

test.each([
  [
    'a redirect, which is not followed',
    () => ({ status: 302, headers: { location: 'http://169.254.169.254/' } }),
    'HTTP 302',
  ],
  ['an error', () => ({ status: 500 }), 'HTTP 500'],
  ['no document', () => ({ body: '<html>' }), 'no object'],
])('%s in place of a document is said, and leaves no tools', async (_, answer, words) => {
  await using service = await startService(answer)
  await using hub = await startTestHub()
  const body = { name: 'small', url: service.origin, openapi: { url: `${service.origin}/d` } }
  const added = await hub.api('POST', '/api/servers', body)
  expect(added.body).toMatchObject({
    counts: { tools: 0 },
    lastError: expect.stringContaining(words) as string,
  })
  expect(service.seen.every(({ target }) => target === '/d')).toBe(true)
})

test('the API takes a document or its URL, no file and no credentials in a URL', async () => {
  await using hub = await startTestHub()
  const url = 'http://127.0.0.1:1/'
  for (const openapi of [
    {},
    { url, document: '{}' },
    { file: '/etc/passwd' },
    { url: 'file:///etc/passwd' },
    { url: 'http://a:b@127.0.0.1/' },
  ])
    expect(await hub.api('POST', '/api/servers', { name: 'bad', url, openapi })).toMatchObject({
      status: 400,
    })
  expect((await hub.api('GET', '/api/servers')).body.servers).toEqual([])
})

test('G1: what is kept for the service goes where its document wants it, and the caller’s own token nowhere', async () => {
  await using service = await startService()
  const security = {
    components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'appid' } } },
    security: [{ key: [] }],
  }
  await using hub = await startTestHub()
  const body = { name: 'small', url: service.origin, openapi: { document: document(ONE, security) } }
  await hub.api('POST', '/api/servers', body)
  await call(hub, 'one')
  expect(service.seen.at(-1)).toMatchObject({ target: '/one' })
  const connection = { server: 'small', headers: [{ name: 'appid', value: 'k&y' }] }
  expect(await hub.api('POST', '/api/connections', connection)).toMatchObject({ status: 200 })
  await call(hub, 'one')
  expect(service.seen.at(-1)).toMatchObject({ target: '/one?appid=k%26y' })
  expect(service.seen.at(-1)!.headers['appid']).toBeUndefined()
  expect(JSON.stringify(service.seen)).not.toContain(hub.key)
})

test('G1: a service is told who calls only where parley.yaml says so, by a token of the hub for it alone', async () => {
  await using service = await startService()
  const server = { openapi: './small.json', url: `${service.origin}/v1` }
  const yaml = JSON.stringify({ servers: { told: { ...server, hopTokens: true }, untold: server } })
  await using hub = await startTestHub(yaml, { files: { 'small.json': document(ONE) } })
  await until(
    async () => names(await show(hub, 'told')).length + names(await show(hub, 'untold')).length === 2,
  )
  await call(hub, 'one', 'untold')
  await call(hub, 'one', 'told')
  const [untold, told] = service.seen.map(({ headers }) => headers.authorization)
  expect(untold).toBeUndefined()
  const claims = JSON.parse(Buffer.from(told!.split('.')[1]!, 'base64url').toString())
  expect(claims).toMatchObject({ aud: `${service.origin}/v1` })
  expect(told).not.toContain(hub.key)
})
