import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from './evil-state.ts'

/** A server of 2026-07-28 whose work goes on whatever becomes of its clients. */
export interface TaskServer {
  readonly url: string
  /** How often each piece of work was begun, by its number. */
  readonly begun: Map<number, number>
  /** Lets everything that it runs as a task end. */
  finish(): void
  close(): Promise<void>
}

const EXTENSION = 'io.modelcontextprotocol/tasks'
const TOOLS = [
  { name: 'job', inputSchema: { type: 'object' } },
  { name: 'wait', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } },
]

/** `job` is run as a task of its own; `wait` never answers. */
export async function startTaskServer(): Promise<TaskServer> {
  const begun = new Map<number, number>()
  let isFinished = false
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(text) as { id: unknown; method: string; params: Json }
      const result = resultOf(method, params)
      if (result) answer(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } })
      else request.socket.once('close', () => response.destroy())
    })
  })

  function resultOf(method: string, params: Json): Json | undefined {
    const cached = { ttlMs: 0, cacheScope: 'private' }
    if (method === 'server/discover') {
      const capabilities = { tools: {}, extensions: { [EXTENSION]: {} } }
      return { ...cached, supportedVersions: ['2026-07-28'], capabilities }
    }
    if (method === 'tools/list') return { ...cached, tools: TOOLS }
    if (method === 'tasks/get') return stateOf(String(params['taskId']))
    if (method === 'tasks/cancel') return {}
    const number = Number((params['arguments'] as Json)['number'])
    begun.set(number, (begun.get(number) ?? 0) + 1)
    if (params['name'] === 'wait') return undefined
    return { resultType: 'task', ...base(`job ${number}`), status: 'working' }
  }

  function stateOf(taskId: string): Json {
    if (!isFinished) return { ...base(taskId), status: 'working' }
    const content = [{ type: 'text', text: taskId }]
    return { ...base(taskId), status: 'completed', result: { content } }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    begun,
    finish: () => (isFinished = true),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function base(taskId: string): Json {
  const at = '2026-01-01T00:00:00Z'
  return { taskId, createdAt: at, lastUpdatedAt: at, ttlMs: null, pollIntervalMs: 200 }
}

function answer(response: ServerResponse, body: Json): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
