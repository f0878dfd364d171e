/** A server as they were written with an SDK 1.x of an earlier revision, over any transport that it had. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { isSdkRelease, loadSdk } from '../drivers/sdk-releases.ts'
import type { OldSdk, ServerTransport } from '../drivers/sdk-releases.ts'
import { buildOldServer, createOldWorld } from './old-sdk-tools.ts'
import type { OldWorld } from './old-sdk-tools.ts'

const sessionLimit = 200

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sdk: { type: 'string', default: '' },
      transport: { type: 'string', default: 'http' },
      'page-size': { type: 'string', default: '1000' },
    },
  })
  if (!isSdkRelease(values.sdk)) throw new Error(`--sdk is no release of the matrix: ${values.sdk}`)
  const sdk = await loadSdk(values.sdk)
  const world = createOldWorld(values.sdk, Number(values['page-size']))
  if (values.transport === 'stdio') {
    await buildOldServer(sdk, world).connect(new sdk.StdioServerTransport())
    return
  }
  const answer = values.transport === 'sse' ? serveSse(sdk, world) : serveStreamable(sdk, world)
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error('old-sdk-server:', error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    const path = values.transport === 'sse' ? '/sse' : '/mcp'
    console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}${path}` }))
  })
  process.once('SIGTERM', () => {
    server.close()
    server.closeAllConnections()
  })
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** HTTP+SSE as the examples of the SDK have it: GET /sse, POST /messages. */
function serveSse(sdk: OldSdk, world: OldWorld): Answer {
  const sessions = new Map<string, ServerTransport>()
  return async (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost')
    if (request.method === 'GET' && url.pathname === '/sse' && sessions.size < sessionLimit) {
      const transport = new sdk.SSEServerTransport('/messages', response)
      sessions.set(transport.sessionId, transport)
      response.once('close', () => sessions.delete(transport.sessionId))
      await buildOldServer(sdk, world).connect(transport)
      return
    }
    const known = sessions.get(url.searchParams.get('sessionId') ?? '')
    const isMessage = request.method === 'POST' && url.pathname === '/messages'
    if (isMessage && known?.handlePostMessage) return known.handlePostMessage(request, response)
    response.writeHead(404).end()
  }
}

/** Streamable HTTP with sessions. */
function serveStreamable(sdk: OldSdk, world: OldWorld): Answer {
  const sessions = new Map<string, ServerTransport>()
  return async (request, response) => {
    if (!sdk.StreamableHTTPServerTransport) throw new Error('This release has no Streamable HTTP')
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (known?.handleRequest) return known.handleRequest(request, response)
    if (id !== undefined) return void response.writeHead(404).end()
    if (sessions.size >= sessionLimit) return void response.writeHead(503).end()
    const transport = new sdk.StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (newId) => void sessions.set(newId, transport),
    })
    transport.onclose = () => void sessions.delete(transport.sessionId)
    await buildOldServer(sdk, world).connect(transport)
    await transport.handleRequest?.(request, response)
  }
}
