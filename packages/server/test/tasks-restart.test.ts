import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'
import { TASK_TOOLS, TASKS, taskClient, text } from './task-client.ts'
import { startTaskServer } from './task-server.ts'

type Json = Record<string, any>

const stack: AsyncDisposable[] = []
let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-tasks-'))
})
afterEach(async () => {
  for (const each of stack.splice(0).reverse()) await each[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

async function startHubFor(url: string): Promise<TestHub> {
  const hub = await startTestHub(`servers: { one: { url: ${url} } }`, { dataDir })
  await until(async () => (await hub.api('GET', '/api/servers')).body.servers[0].health === 'ready')
  return hub
}

test('R1: a task that the hub ran ends with a reason when the hub comes back, and is not run again', async () => {
  const upstream = await startScriptedUpstream(TASK_TOOLS)
  stack.push(upstream)
  upstream.answer = () => new Promise(() => {})
  const before = await startHubFor(upstream.url)
  const { taskId } = await taskClient(before).call('slow')
  await before[Symbol.asyncDispose]()
  const after = await startHubFor(upstream.url)
  stack.push(after)
  const ended = await taskClient(after).when(taskId, 'failed')
  expect(ended).toMatchObject({
    statusMessage: 'The hub was stopped while it ran this; whether the tool did its work is not known.',
    error: { code: 4753 },
  })
  expect(upstream.calls).toHaveLength(1)
})

test('R1, R3: a task that a server of 2025-11-25 runs goes on, in the very session it is bound to', async () => {
  const server = await startTaskServer()
  stack.push(server)
  const before = await startHubFor(server.url)
  const capabilities = { ...TASKS, elicitation: {} }
  const { taskId } = await taskClient(before, '/mcp/servers/one', capabilities).call('ask')
  await before[Symbol.asyncDispose]()
  const after = await startHubFor(server.url)
  stack.push(after)
  const client = taskClient(after, '/mcp/servers/one', capabilities)
  const asking = await client.when(taskId, 'input_required')
  const [key] = Object.keys(asking['inputRequests'])
  const inputResponses = { [key!]: { action: 'accept', content: { word: 'still here' } } }
  await client.ask('tasks/update', { taskId, inputResponses })
  expect((await client.when(taskId, 'completed'))['result']).toMatchObject(text('You said still here'))
  expect(server.calls).toHaveLength(1)
})

test('R1, R3: a task that a server of 2026-07-28 runs goes on, under the hub’s id as before', async () => {
  const upstream = await startScriptedUpstream(TASK_TOOLS)
  stack.push(upstream)
  let state: Json = { status: 'working' }
  const own = {
    taskId: 'their-own',
    createdAt: '2026-01-01T00:00:00Z',
    lastUpdatedAt: '2026-01-01T00:00:00Z',
  }
  upstream.answer = ({ taskId }) =>
    taskId === undefined
      ? { resultType: 'task', ...own, status: 'working', ttlMs: null, pollIntervalMs: 100 }
      : { ...own, ttlMs: null, pollIntervalMs: 100, ...state }
  const before = await startHubFor(upstream.url)
  const { taskId } = await taskClient(before).call('plain')
  expect(taskId).toMatch(/^tsk_/)
  await before[Symbol.asyncDispose]()
  const after = await startHubFor(upstream.url)
  stack.push(after)
  expect(await taskClient(after).get(taskId)).toMatchObject({ status: 'working' })
  state = { status: 'completed', result: text('went on') }
  expect((await taskClient(after).when(taskId, 'completed'))['result']).toMatchObject(text('went on'))
  expect(upstream.calls.filter(({ params }) => params['taskId'] === undefined)).toHaveLength(1)
  const polls = upstream.calls.filter(({ params }) => params['taskId'] === 'their-own')
  expect(polls.every(({ headers }) => headers['mcp-name'] === 'their-own')).toBe(true)
})

test('a server that forgot its task fails it in words that say so', async () => {
  const server = await startTaskServer()
  const before = await startHubFor(server.url)
  const capabilities = { ...TASKS, elicitation: {} }
  const { taskId } = await taskClient(before, '/mcp/servers/one', capabilities).call('ask')
  await before[Symbol.asyncDispose]()
  server.forget()
  stack.push(server)
  const after = await startHubFor(server.url)
  stack.push(after)
  const failed = await taskClient(after, '/mcp/servers/one', capabilities).when(taskId, 'failed')
  expect(failed['statusMessage']).toContain('no longer knows its task')
})
