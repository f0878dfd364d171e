/** A server as they were written with SDK 1.x: sessions over Streamable HTTP, requests of its own to the client. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { completable } from '@modelcontextprotocol/sdk/server/completable.js'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { z } from 'zod'

const sessionLimit = 100

main()

function main(): void {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const server = createServer((request, response) => {
    answer(sessions, request, response).catch((error: unknown) => {
      console.error('sdk-v1-server:', error)
      response.writeHead(500).end()
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}/mcp` }))
  })
  process.once('SIGTERM', () => {
    server.close()
    server.closeAllConnections()
  })
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
  if (sessions.size >= sessionLimit) return void response.writeHead(503).end()

  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (newId) => void sessions.set(newId, transport),
    onsessionclosed: (closedId) => void sessions.delete(closedId),
  })
  await buildServer().connect(transport as Transport)
  await transport.handleRequest(request, response)
}

function buildServer(): McpServer {
  const mcp = new McpServer({ name: 'sdk-v1', version: '1.0.0' })
  registerPlain(mcp)
  registerQuestions(mcp)
  return mcp
}

function registerPlain(mcp: McpServer): void {
  mcp.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => textResult(text))
  mcp.registerTool('count', {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken
    for (const progress of progressToken === undefined ? [] : [1, 2, 3]) {
      const params = { progressToken: progressToken ?? 0, progress, total: 3 }
      await sendNotification({ method: 'notifications/progress', params })
      // mcp-remote lets an answer overtake progress that comes in the same breath.
      await sleep(50)
    }
    return textResult('counted')
  })
  mcp.registerTool('weigh', { outputSchema: { grams: z.number() } }, () => ({
    ...textResult('{"grams":3}'),
    structuredContent: { grams: 3 },
  }))
  mcp.registerResource('greeting', 'v1://greeting', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'Hello' }],
  }))
  const template = new ResourceTemplate('v1://greeting/{name}', { list: undefined })
  mcp.registerResource('named', template, {}, (uri, { name }) => ({
    contents: [{ uri: uri.href, text: `Hello, ${String(name)}` }],
  }))
  const name = completable(z.string(), (value) => ['ann', 'bob'].filter((one) => one.startsWith(value)))
  mcp.registerPrompt('greet', { argsSchema: { name } }, (args) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${args.name}` } }],
  }))
}

function registerQuestions(mcp: McpServer): void {
  mcp.registerTool('sample', {}, async () => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say something' } }]
    return textResult(JSON.stringify(await mcp.server.createMessage({ messages, maxTokens: 10 })))
  })
  mcp.registerTool('ask', {}, async () => {
    const requestedSchema = { type: 'object' as const, properties: { word: { type: 'string' as const } } }
    return textResult(JSON.stringify(await mcp.server.elicitInput({ message: 'A word?', requestedSchema })))
  })
  mcp.registerTool('roots', {}, async () => textResult(JSON.stringify(await mcp.server.listRoots())))
}

function textResult(text: string): { content: Array<{ type: 'text'; text: string }> } {
  return { content: [{ type: 'text', text }] }
}
