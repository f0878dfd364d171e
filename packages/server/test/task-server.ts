import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { text } from './task-client.ts'

type Json = Record<string, any>

export interface TaskServer extends AsyncDisposable {
  readonly url: string
  readonly calls: Json[]
  /** As after a restart: sessions and their tasks are gone. */
  forget(): void
}

/** A server of SDK 1.x that runs its tool as a task, asks its client in it, and binds tasks to their session. */
export async function startTaskServer(): Promise<TaskServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const calls: Json[] = []
  const http = createServer(async (request, response) => {
    const id = request.headers['mcp-session-id']
    const known = sessions.get(String(id))
    if (known) return known.handleRequest(request, response)
    if (id !== undefined) return void response.writeHead(404).end()
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (newId) => void sessions.set(newId, transport),
    })
    await buildTaskServer(calls).connect(transport as never)
    await transport.handleRequest(request, response)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    calls,
    forget: () => sessions.clear(),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function buildTaskServer(calls: Json[]): Server {
  const server = new Server(
    { name: 'tasks', version: '1' },
    {
      capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
      taskStore: new InMemoryTaskStore(),
      taskMessageQueue: new InMemoryTaskMessageQueue(),
    },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      {
        name: 'ask',
        inputSchema: { type: 'object' as const },
        execution: { taskSupport: 'required' as const },
      },
      { name: 'plain', inputSchema: { type: 'object' as const } },
    ],
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { taskStore }) => {
    calls.push(params)
    if (!params.task || !taskStore) return text('at once')
    const task = await taskStore.createTask({ ttl: params.task.ttl ?? null, pollInterval: 100 })
    const work = async () => {
      await taskStore.updateTaskStatus(task.taskId, 'input_required')
      const requestedSchema = { type: 'object' as const, properties: { word: { type: 'string' as const } } }
      const relatedTask = { taskId: task.taskId }
      const { content } = await server.elicitInput(
        { mode: 'form', message: 'A word?', requestedSchema },
        { relatedTask },
      )
      await taskStore.storeTaskResult(task.taskId, 'completed', text(`You said ${String(content?.['word'])}`))
    }
    void work().catch(() => undefined)
    return { task }
  })
  return server
}
