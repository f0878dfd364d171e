/**
 * The tasks tools behind SDK 1.x, as a server of 2025-11-25: with tasks of its own (`--own-tasks`), or with definitions that
 * only say which tools take their time.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { RequestTaskStore } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Result,
} from '@modelcontextprotocol/sdk/types.js'
import { ProtocolError, questionSchema, taskTools, type Way } from './task-tools.ts'

const hasOwnTasks = process.argv.includes('--own-tasks')
const pollIntervalMs = 200

main()

function main(): void {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const http = createServer((request, response) => {
    answer(sessions, request, response).catch((error: unknown) => {
      console.error('tasks fixture:', error)
      response.writeHead(500).end()
    })
  })
  http.listen(0, '127.0.0.1', () => {
    const { port } = http.address() as AddressInfo
    console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}/mcp` }))
  })
  process.once('SIGTERM', () => process.exit(0))
}

async function answer(
  sessions: Map<string, StreamableHTTPServerTransport>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = request.headers['mcp-session-id']
  const known = typeof id === 'string' ? sessions.get(id) : undefined
  if (known !== undefined) return known.handleRequest(request, response)
  if (id !== undefined) return void response.writeHead(404).end()
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (newId) => void sessions.set(newId, transport),
    onsessionclosed: (closedId) => void sessions.delete(closedId),
  })
  await buildServer().connect(transport as Transport)
  await transport.handleRequest(request, response)
}

/** A task that ended in a protocol error has an error for its result. */
class FaithfulTaskStore extends InMemoryTaskStore {
  override async getTaskResult(taskId: string, sessionId?: string): Promise<Result> {
    const result = await super.getTaskResult(taskId, sessionId)
    if (typeof result['protocolError'] === 'string')
      throw new McpError(ErrorCode.InternalError, result['protocolError'])
    return result
  }
}

function buildServer(): Server {
  const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } }
  const server = new Server(
    { name: 'tasks-fixture', version: '1.0.0' },
    {
      capabilities: { tools: {}, ...(hasOwnTasks ? { tasks } : {}) },
      ...(hasOwnTasks
        ? { taskStore: new FaithfulTaskStore(), taskMessageQueue: new InMemoryTaskMessageQueue() }
        : {}),
    },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: taskTools.map(({ definition }) => definition),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = taskTools.find(({ definition }) => definition.name === params.name)
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `No tool ${params.name}`)
    const args = params.arguments ?? {}
    if (params.task && extra.taskStore) {
      const task = await extra.taskStore.createTask({
        ttl: params.task.ttl ?? null,
        pollInterval: pollIntervalMs,
      })
      const { taskStore } = extra
      const way = wayOf(server, { task: { id: task.taskId, store: taskStore } })
      void carryOut(taskStore, task.taskId, () => tool.run(args, way))
      return { task }
    }
    try {
      return await tool.run(args, wayOf(server, { extra }))
    } catch (error) {
      throw error instanceof ProtocolError ? new McpError(error.code, error.message) : error
    }
  })
  return server
}

async function carryOut(store: RequestTaskStore, taskId: string, run: () => Promise<Result>): Promise<void> {
  try {
    const result = await run()
    await store.storeTaskResult(taskId, result['isError'] === true ? 'failed' : 'completed', result)
  } catch (error) {
    const protocolError = error instanceof Error ? error.message : 'unknown'
    // A cancelled task takes no result.
    await store.storeTaskResult(taskId, 'failed', { protocolError }).catch(() => undefined)
  }
}

interface Asker {
  /** For what runs as a task. */
  task?: { id: string; store: RequestTaskStore }
  /** For what runs while its client waits. */
  extra?: Parameters<Parameters<Server['setRequestHandler']>[1]>[1]
}

function wayOf(server: Server, { task, extra }: Asker): Way {
  let open = 0
  return {
    sleep: (milliseconds) =>
      sleep(milliseconds, undefined, extra ? { signal: extra.signal } : {}).then(() => undefined),
    async ask(message) {
      const params = { mode: 'form' as const, message, requestedSchema: questionSchema as never }
      if (task && open++ === 0) await task.store.updateTaskStatus(task.id, 'input_required')
      const { content } = await server.elicitInput(params, {
        ...(task ? { relatedTask: { taskId: task.id } } : {}),
        ...(extra ? { relatedRequestId: extra.requestId } : {}),
      })
      if (task && --open === 0) await task.store.updateTaskStatus(task.id, 'working')
      return content ?? {}
    },
  }
}
