import { afterEach, describe, expect, test } from 'vitest'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { legacyCall, openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { startScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'
import { startTaskServer } from './task-server.ts'
import { TASK_TOOLS, TASKS, taskClient, text } from './task-client.ts'

type Json = Record<string, any>

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of stack.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function startHubFor(url: string): Promise<TestHub> {
  const hub = await startTestHub(`servers: { one: { url: ${url} } }`)
  stack.push(hub)
  await until(async () => (await hub.api('GET', '/api/servers')).body.servers[0].health === 'ready')
  return hub
}

async function startModern() {
  const upstream = await startScriptedUpstream(TASK_TOOLS)
  stack.push(upstream)
  return { upstream, hub: await startHubFor(upstream.url) }
}

/** A client of SDK 1.x, as published. */
async function connect(hub: TestHub, path: string, capabilities: Json = {}): Promise<Client> {
  const client = new Client({ name: 'sdk', version: '1' }, { capabilities })
  const transport = new StreamableHTTPClientTransport(new URL(hub.url + path), {
    requestInit: { headers: { ...hub.headers } },
  })
  await client.connect(transport as never)
  stack.push({ [Symbol.asyncDispose]: () => client.close() })
  return client
}

async function runToEnd(client: Client, name: string): Promise<{ statuses: string[]; result: Json }> {
  const statuses: string[] = []
  const stream = client.experimental.tasks.callToolStream({ name, arguments: {} }, CallToolResultSchema, {
    task: { ttl: 60_000 },
  })
  for await (const message of stream) {
    if (message.type === 'taskStatus') statuses.push(message.task.status)
    if (message.type === 'result') return { statuses, result: message.result }
    if (message.type === 'error') throw message.error
  }
  throw new Error('the stream ended without a result')
}

describe('clients of 2025-11-25', () => {
  test('Tasks: any tool of any server runs as a task on /mcp, and its result says which', async () => {
    const { hub, upstream } = await startModern()
    upstream.answer = () => new Promise((resolve) => setTimeout(() => resolve(text('done')), 300))
    const client = await connect(hub, '/mcp')
    expect(client.getServerCapabilities()?.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    })
    const { tools } = await client.listTools()
    expect(Object.fromEntries(tools.map((tool) => [tool.name, tool.execution?.taskSupport]))).toEqual({
      one__slow: 'optional',
      one__required: 'required',
      one__plain: 'optional',
    })
    const { result } = await runToEnd(client, 'one__plain')
    expect(result).toMatchObject(text('done'))
    expect(result['_meta']['io.modelcontextprotocol/related-task'].taskId).toMatch(/^tsk_/)
    expect(result).not.toHaveProperty('resultType')
    expect(upstream.calls).toHaveLength(1)
    const { tasks } = await client.experimental.tasks.listTasks()
    expect(tasks).toMatchObject([{ status: 'completed', ttl: 60_000 }])
  })

  test('Tasks: on the endpoint of one server they are offered to who knows tasks, and change nothing for others', async () => {
    const { hub } = await startModern()
    const plain = await connect(hub, '/mcp/servers/one')
    expect(plain.getServerCapabilities()).toEqual({ tools: {} })
    expect((await plain.listTools()).tools.find(({ name }) => name === 'plain')).not.toHaveProperty(
      'execution',
    )
    const knowing = await connect(hub, '/mcp/servers/one', { tasks: { cancel: {} } })
    expect(knowing.getServerCapabilities()?.tasks).toBeDefined()
    const session = await openSession(hub)
    // Who has not been offered tasks is answered as if it had not asked for one (Tasks: Task Support and Handling).
    const answer = await sendRaw(hub, legacyCall(session, 'plain', { task: {} }))
    expect(answer.body.result).toMatchObject(text('done'))
    const method = { ...legacyCall(session, 'x').body, method: 'tasks/list', params: {} }
    expect((await sendRaw(hub, { headers: session.headers, body: method })).body.error.code).toBe(-32601)
  })

  test('Tasks: a cancelled task ends, cannot be cancelled again, and its status is told on the session’s stream', async () => {
    const { hub, upstream } = await startModern()
    upstream.answer = () => new Promise(() => {})
    const session = await openSession(hub, {}, '/mcp')
    const stream = await openRaw(hub, { method: 'GET', path: '/mcp', headers: session.headers })
    const send = async (method: string, params: Json) =>
      (
        await sendRaw(hub, {
          path: '/mcp',
          headers: session.headers,
          body: { jsonrpc: '2.0', id: 1, method, params },
        })
      ).body
    const { task } = (await send('tools/call', { name: 'one__slow', arguments: {}, task: { ttl: 5000 } }))
      .result
    expect(task).toMatchObject({ status: 'working', ttl: 5000 })
    const { taskId } = task
    expect((await send('tasks/cancel', { taskId })).result).toMatchObject({ taskId, status: 'cancelled' })
    expect((await send('tasks/cancel', { taskId })).error.code).toBe(-32602)
    expect((await send('tasks/result', { taskId })).error.message).toContain('cancelled')
    await until(() => stream.messages.some(({ method }) => method === 'notifications/tasks/status'))
    await until(() => upstream.cancelled === 1)
    stream.cut()
  })

  test('Tasks: a cursor of another shape and a foreign task are refused alike, whatever the session', async () => {
    const { hub } = await startModern()
    const session = await openSession(hub, {}, '/mcp')
    const send = async (method: string, params: Json) =>
      (
        await sendRaw(hub, {
          path: '/mcp',
          headers: session.headers,
          body: { jsonrpc: '2.0', id: 1, method, params },
        })
      ).body
    expect((await send('tasks/list', { cursor: 'x' })).error.code).toBe(-32602)
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
      expect((await send(method, { taskId: 'tsk_01JAAAAAAAAAAAAAAAAAAAAAAA' })).error.code).toBe(-32602)
  })
})

describe('servers of 2025-11-25 with tasks of their own', () => {
  test('Tasks: such a task is mirrored under the hub’s id, and its question reaches a modern client', async () => {
    const server = await startTaskServer()
    stack.push(server)
    const hub = await startHubFor(server.url)
    const client = taskClient(hub, '/mcp/servers/one', { ...TASKS, elicitation: {} })
    const created = await client.call('ask')
    expect(created).toMatchObject({ resultType: 'task' })
    expect(created['taskId']).toMatch(/^tsk_/)
    const asking = await client.when(created['taskId'], 'input_required')
    const [[key, question]] = Object.entries<Json>(asking['inputRequests']) as [[string, Json]]
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'A word?' } })
    expect(JSON.stringify(question)).not.toContain('related-task')
    const inputResponses = { [key]: { action: 'accept', content: { word: 'tree' } } }
    await client.ask('tasks/update', { taskId: created['taskId'], inputResponses })
    const end = await client.when(created['taskId'], 'completed')
    expect(end['result']).toMatchObject(text('You said tree'))
    expect(JSON.stringify(end)).not.toContain('related-task')
    expect(server.calls).toHaveLength(1)
    const found = await client.ask('server/discover', {})
    expect(found.body.result.capabilities).not.toHaveProperty('tasks')
  })

  test('Tasks: a client of the same revision is asked on its tasks/result, under the hub’s id', async () => {
    const server = await startTaskServer()
    stack.push(server)
    const hub = await startHubFor(server.url)
    const client = await connect(hub, '/mcp/servers/one', { elicitation: { form: {} } })
    const asked: Json[] = []
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params)
      return { action: 'accept', content: { word: 'stone' } }
    })
    expect((await client.listTools()).tools.map(({ execution }) => execution?.taskSupport)).toEqual([
      'required',
      undefined,
    ])
    const { result } = await runToEnd(client, 'ask')
    expect(result).toMatchObject(text('You said stone'))
    const { taskId } = result['_meta']['io.modelcontextprotocol/related-task']
    expect(asked).toMatchObject([{ _meta: { 'io.modelcontextprotocol/related-task': { taskId } } }])
    expect(taskId).toMatch(/^tsk_/)
    // What the server says cannot be a task is none (Tool-Level Negotiation).
    const session = await openSession(hub)
    const refused = await sendRaw(hub, legacyCall(session, 'plain', { task: {} }))
    expect(refused.body.error.code).toBe(-32601)
  })
})
