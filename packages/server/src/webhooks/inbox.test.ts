import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ISSUER, openWebhooksIn, statusOf, type OpenedWebhooks } from './test-kit.ts'

let dataDir = ''
let server: Server
let kit: OpenedWebhooks
let listening = ''

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-inbox-'))
  kit = await openWebhooksIn(dataDir)
  kit.start()
  server = createServer((request, response) => kit.webhooks.inbox(request, response, request.url!))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  listening = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await kit[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A task with an address for its agent, who knows the task as `agent-1`. */
async function openInbox() {
  const task = kit.newTask()
  kit.agentTasks.set(task, 'agent-1')
  const address = await kit.webhooks.openInbox(task)
  expect(address).toMatch(/^https:\/\/hub\.example\/a2a\/notify\/[A-Za-z0-9_-]{43}$/)
  return { task, url: address.replace(ISSUER, listening) }
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/a2a+json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const event = statusOf('agent-1' as never, 'a')

test('B9: an agent that was given an address tells of its task there', async () => {
  const { task, url } = await openInbox()
  expect((await post(url, event)).status).toBe(204)
  expect((await post(url, event, { 'content-type': 'application/json' })).status).toBe(204)
  expect(kit.received).toEqual([
    { task, event },
    { task, event },
  ])
})

test('B9: an agent of 0.3 tells it in the form of 0.3', async () => {
  const { task, url } = await openInbox()
  const legacy = { kind: 'task', id: 'agent-1', contextId: 'c', status: { state: 'completed' } }
  expect((await post(url, legacy)).status).toBe(204)
  expect((await post(url, { ...legacy, id: 'agent-2' })).status).toBe(400)
  expect(kit.received).toMatchObject([
    { task, event: { task: { id: 'agent-1', status: { state: 'TASK_STATE_COMPLETED' } } } },
  ])
})

test('B9: another address, another task and what is no event are refused, and nobody hears of them', async () => {
  const { url } = await openInbox()
  const other = `${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`
  expect((await post(other, event)).status).toBe(404)
  expect((await post(`${url}x`, event)).status).toBe(404)
  expect((await post(url.replace(/[^/]*$/, ''), event)).status).toBe(404)
  expect((await fetch(url)).status).toBe(405)
  expect((await post(url, event, { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post(url, statusOf('agent-2' as never, 'a'))).status).toBe(400)
  expect((await post(url, { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [] } })).status).toBe(400)
  for (const body of ['', '[]', 'null', '{"a":1,"a":2}', '{"__proto__":{}}', '{"nothing":1}'])
    expect((await post(url, body)).status).toBe(400)
  const large = await post(url, `{"statusUpdate":"${'a'.repeat(70_000)}"}`).catch(() => ({ status: 413 }))
  expect(large.status).toBe(413)
  expect(kit.received).toEqual([])
})

test('B9: the address is kept as a hash alone, survives a restart, and ends with its task', async () => {
  const { task, url } = await openInbox()
  const token = url.split('/').at(-1)!
  const rows = kit.store.all('SELECT * FROM webhook_inboxes')
  expect(JSON.stringify(rows)).not.toContain(token)
  await kit[Symbol.asyncDispose]()
  kit = await openWebhooksIn(dataDir)
  kit.start()
  // Faster than the answer that tells the agent's own id of the task.
  const early = await post(url, event)
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
  kit.agentTasks.set(task, 'agent-1')
  expect((await post(url, event)).status).toBe(204)
  await kit.store.submit([kit.webhooks.closeInbox(task)])
  expect((await post(url, event)).status).toBe(404)
  expect(kit.received).toHaveLength(1)
})
