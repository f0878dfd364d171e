import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskId } from '@parley/contract'
import { runParley } from '../../cli/test/run-parley.ts'
import { HOW, openSink, openWebhooksIn, statusOf } from '../src/webhooks/test-kit.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

let dataDir: string
let task: TaskId
let hub: TestHub

/** A hub that was stopped with two webhooks, one of them disabled. */
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-webhooks-'))
  await using sink = await openSink()
  sink.answer = () => 500
  {
    await using kit = await openWebhooksIn(dataDir, { allow: [sink.url], limits: { webhookFailures: 2 } })
    kit.start()
    task = kit.newTask()
    await kit.webhooks.set(task, { id: 'bad', url: `${sink.url}/hook?key=zzSECRET` }, HOW)
    await kit.tell(task, statusOf(task, 'a'))
    await until(() => !kit.webhooks.wants(task))
    await kit.webhooks.set(task, { id: 'good', url: 'https://1.1.1.1/hook', token: 'zzSECRET' }, HOW)
    await kit.store.submit([...kit.webhooks.enqueue(task, statusOf(task, 'b'))])
  }
  hub = await startTestHub('', { dataDir })
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

test('an administrator sees which addresses are told, which are not and why, never a secret', async () => {
  const all = await hub.api('GET', '/api/webhooks')
  expect(all.body.webhooks).toMatchObject([
    { name: 'bad', task, state: 'disabled', failures: 2, waiting: 0 },
    { name: 'good', task, state: 'active', url: 'https://1.1.1.1/hook', waiting: 1 },
  ])
  expect(all.body.webhooks[0].reason).toContain('It answered 500')
  expect(JSON.stringify(all.body)).not.toContain('zzSECRET')
  const disabled = await hub.api('GET', '/api/webhooks?state=disabled')
  expect(disabled.body.webhooks.map(({ name }: { name: string }) => name)).toEqual(['bad'])
  expect((await hub.api('GET', '/api/webhooks?state=gone')).status).toBe(400)
  const metrics = await (await fetch(`${hub.url}/metrics`, { headers: hub.headers })).text()
  expect(metrics).toContain('parley_webhooks{state="disabled"} 1')
  expect(metrics).toContain('parley_webhook_waiting 1')
  expect((await fetch(`${hub.url}/api/webhooks`)).status).toBe(401)
})

test('an administrator enables one and removes one, each on record', async () => {
  const { webhooks } = (await hub.api('GET', '/api/webhooks?state=disabled')).body
  const [{ id }] = webhooks
  const parley = (...argv: string[]) => runParley(dataDir, ...argv, '--data-dir', dataDir)
  expect((await parley('webhooks', 'list', '--disabled')).out).toContain(id)
  expect((await parley('webhooks', 'enable', id)).out).toContain('active')
  expect((await hub.api('GET', '/api/webhooks')).body.webhooks[0]).toMatchObject({
    id,
    state: 'active',
    failures: 0,
  })
  expect((await parley('webhooks', 'remove', id, '--yes')).out).toContain('Removed')
  expect((await hub.api('DELETE', `/api/webhooks/${id}`)).status).toBe(404)
  expect((await hub.api('POST', `/api/webhooks/${id}/enable`)).status).toBe(404)
  const { records } = (await hub.api('GET', '/api/activity')).body
  const actions = records.map(({ action, face }: Record<string, string>) => `${face} ${action}`)
  expect(actions.slice(0, 2)).toEqual(['api webhook.remove', 'api webhook.enable'])
})
