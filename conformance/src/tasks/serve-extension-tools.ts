/** The tasks tools as a server of 2026-07-28 with the tasks extension, on plain node:http. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProtocolError, questionSchema, taskTools, type TaskTool, type Way } from './task-tools.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- what a client sends is looked into, not modelled
type Json = Record<string, any>

const EXTENSION = 'io.modelcontextprotocol/tasks'
const SYNC_LIMIT_MS = 150

interface Task {
  taskId: string
  status: string
  createdAt: string
  result?: Json
  error?: Json
  readonly questions: Map<string, (content: Json) => void>
  readonly cancel: AbortController
}

const tasks = new Map<string, Task>()

const http = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk: Buffer) => (text += chunk.toString()))
  request.on('end', async () => {
    const { id, method, params } = JSON.parse(text) as Json
    const answer = await serve(String(method), params ?? {})
    const status = 'error' in answer ? 400 : 200
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
  })
})
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo
  console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}/mcp` }))
})
process.once('SIGTERM', () => process.exit(0))

async function serve(method: string, params: Json): Promise<Json> {
  const cached = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
  if (method === 'server/discover') {
    const capabilities = { tools: {}, extensions: { [EXTENSION]: {} } }
    return { result: { ...cached, supportedVersions: ['2026-07-28'], capabilities } }
  }
  if (method === 'tools/list')
    return {
      result: { ...cached, tools: taskTools.map(({ definition: { execution: _e, ...rest } }) => rest) },
    }
  if (method === 'tools/call') return call(params)
  const task = tasks.get(String(params['taskId']))
  if (!method.startsWith('tasks/')) return { error: { code: -32601, message: 'Method not found' } }
  if (!task) return { error: { code: -32602, message: 'Task not found' } }
  if (method === 'tasks/update')
    for (const [key, response] of Object.entries(params['inputResponses'] as Json)) {
      task.questions.get(key)?.(response['content'] ?? {})
      task.questions.delete(key)
    }
  if (method === 'tasks/cancel' && task.status === 'working') {
    task.cancel.abort()
    task.status = 'cancelled'
  }
  return { result: method === 'tasks/get' ? detailed(task) : { resultType: 'complete' } }
}

async function call(params: Json): Promise<Json> {
  const tool = taskTools.find(({ definition }) => definition.name === params['name'])
  if (!tool) return { error: { code: -32602, message: 'Unknown tool' } }
  const capabilities = params['_meta']?.['io.modelcontextprotocol/clientCapabilities']
  const knowsTasks = capabilities?.extensions?.[EXTENSION] !== undefined
  if (!knowsTasks && tool.definition.execution?.taskSupport === 'required') {
    const data = { requiredCapabilities: { extensions: { [EXTENSION]: {} } } }
    return { error: { code: -32021, message: 'Missing required client capability', data } }
  }
  const asksFirst = tool.definition.name === 'test_tool_with_task'
  const given = params['inputResponses'] as Json | undefined
  if (asksFirst && !given) {
    const inputRequests = { user_name: question('Your name?') }
    return { result: { resultType: 'input_required', inputRequests, requestState: 'asked' } }
  }
  const first = given?.['user_name']?.content as Json | undefined
  const task = start(tool, params['arguments'] ?? {}, asksFirst ? first : undefined)
  if (knowsTasks) await sleep(SYNC_LIMIT_MS)
  else while (task.status === 'working') await sleep(20)
  if (task.status === 'completed') return { result: { resultType: 'complete', ...task.result } }
  if (task.status === 'failed') return { error: task.error }
  tasks.set(task.taskId, task)
  return { result: { resultType: 'task', ...base(task) } }
}

function start(tool: TaskTool, args: Json, first: Json | undefined): Task {
  const task: Task = {
    taskId: randomUUID(),
    status: 'working',
    createdAt: new Date().toISOString(),
    questions: new Map(),
    cancel: new AbortController(),
  }
  const way: Way = {
    sleep: (ms) => sleep(ms, undefined, { signal: task.cancel.signal }).then(() => undefined),
    ask: (message) =>
      first ? Promise.resolve(first) : new Promise((resolve) => task.questions.set(message, resolve)),
  }
  tool.run(args, way).then(
    (result) => Object.assign(task, { status: 'completed', result }),
    (error: unknown) => {
      if (task.status === 'cancelled') return
      const code = error instanceof ProtocolError ? error.code : -32603
      Object.assign(task, { status: 'failed', error: { code, message: String(error) } })
    },
  )
  return task
}

function base({ taskId, status, createdAt }: Task): Json {
  return { taskId, status, createdAt, lastUpdatedAt: createdAt, ttlMs: 60_000, pollIntervalMs: 200 }
}

function detailed(task: Task): Json {
  const whole = { resultType: 'complete', ...base(task) }
  if (task.status === 'completed') return { ...whole, result: task.result }
  if (task.status === 'failed') return { ...whole, error: task.error }
  if (task.status === 'cancelled' || task.questions.size === 0) return whole
  const inputRequests = Object.fromEntries([...task.questions.keys()].map((key) => [key, question(key)]))
  return { ...whole, status: 'input_required', inputRequests }
}

function question(message: string): Json {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: questionSchema } }
}
