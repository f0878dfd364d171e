import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService, type RecordingService } from '../../server/test/recording-service.ts'
import { startTestHub, type TestHub } from '../../server/test/start-test-hub.ts'
import { runParley } from './run-parley.ts'

const SHOP = `
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      tags: [orders]
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
  /wipe: { post: { operationId: wipe, tags: [orders] } }
  /people: { get: { operationId: people, tags: [people] } }
`

let hub: TestHub
let service: RecordingService
beforeAll(async () => {
  service = await startService()
  hub = await startTestHub()
  writeFileSync(join(hub.directory, 'shop.yaml'), SHOP)
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

const parley = (...argv: string[]) => runParley(hub.directory, ...argv, '--data-dir', hub.dataDir)

test('a service is added from the command line, called, and given another document', async () => {
  const added = await parley(
    'servers',
    'add',
    'shop',
    service.origin,
    '--openapi',
    'shop.yaml',
    '--tag',
    'orders',
    '--exclude',
    'wipe',
  )
  expect(added).toMatchObject({ code: 0, errors: '' })
  expect(added.out).toContain('tool getOrder')
  expect(added.out).not.toMatch(/wipe|people/)
  const called = await parley('call', 'shop', 'getOrder', '--arguments', '{"id":7}')
  expect(called).toMatchObject({ code: 0, out: expect.stringContaining('{"ok":true}') as string })
  expect(service.seen.map(({ target }) => target)).toEqual(['/orders/7'])
  writeFileSync(join(hub.directory, 'shop.yaml'), SHOP.replaceAll('/orders/', '/refunds/'))
  const changed = await parley('servers', 'document', 'shop', 'shop.yaml')
  expect(changed.out).toContain('held back: tool getOrder (changed since it was approved)')
  expect(changed.out).toContain('/_meta/parley~1operation/path: "/orders/{id}" → "/refunds/{id}"')
})

test('what is wrong is said', async () => {
  const missing = await parley('servers', 'add', 'bad', service.origin, '--openapi', 'none.yaml')
  expect(missing).toMatchObject({
    code: 1,
    errors: expect.stringContaining('none.yaml cannot be read') as string,
  })
  const stray = await parley('servers', 'add', 'bad', service.origin, '--tag', 'orders')
  expect(stray.errors).toContain('Add --openapi FILE|URL')
  writeFileSync(join(hub.directory, 'old.json'), '{"swagger":"2.0"}')
  const old = await parley('servers', 'add', 'bad', service.origin, '--openapi', 'old.json')
  expect(old.errors).toContain('is Swagger 2.0')
  expect((await hub.api('GET', '/api/servers/bad')).status).toBe(404)
})
