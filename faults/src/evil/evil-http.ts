import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answer } from './answer.ts'
import type { Era, EvilState, Json } from './evil-state.ts'
import { createHttpExchange, type PendingRequests } from './http-exchange.ts'
import { gate, type Gate } from './era-gates.ts'

export interface EvilHttp {
  readonly era: Era
  readonly state: EvilState
  readonly port: number
  readonly url: string
  /** Sessions alive at a legacy server. */
  readonly sessions: Set<string>
  /** Sockets open to this server now. */
  readonly sockets: ReadonlySet<Socket>
  /** Sends a notification on every standing stream (GET of a session, or `subscriptions/listen`). */
  broadcast(method: string, params?: Json): number
  /** Resets every connection, as a crash would, and stops listening until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

interface Standing {
  readonly response: ServerResponse
  readonly subscriptionId: unknown
}

/** Where to listen: 127.0.0.1 and any free port unless given. */
export interface Place {
  readonly host?: string
  readonly port?: number
}

/** Starts an evil MCP server of one era. */
export async function startEvilHttp(era: Era, state: EvilState, place: Place = {}): Promise<EvilHttp> {
  const sockets = new Set<Socket>()
  const standing = new Set<Standing>()
  const context: ServerContext = {
    era,
    state,
    sessions: new Set(),
    standing,
    pending: new Map(),
    running: new Map(),
  }
  const server = createServer((request, response) => void receive(context, request, response))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.keepAliveTimeout = 30_000
  const host = place.host ?? '127.0.0.1'
  await listen(server, host, place.port ?? 0)
  const bound = (server.address() as AddressInfo).port
  async function down(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.resetAndDestroy()
    context.sessions.clear()
    standing.clear()
    await closed
  }
  return {
    era,
    state,
    port: bound,
    url: `http://${host}:${bound}/mcp`,
    sessions: context.sessions,
    sockets,
    broadcast: (method, params) => broadcast(standing, method, params),
    down,
    up: () => listen(server, host, bound),
    close: () => (server.listening ? down() : Promise.resolve()),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function broadcast(standing: Set<Standing>, method: string, params: Json = {}): number {
  for (const { response, subscriptionId } of standing) {
    const meta =
      subscriptionId === undefined
        ? {}
        : { _meta: { 'io.modelcontextprotocol/subscriptionId': subscriptionId } }
    response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params: { ...params, ...meta } })}\n\n`)
  }
  return standing.size
}

export interface ServerContext {
  readonly era: Era
  readonly state: EvilState
  readonly sessions: Set<string>
  readonly standing: Set<Standing>
  readonly pending: PendingRequests
  /** Running requests of a legacy server, by session and id, so that `notifications/cancelled` finds them. */
  readonly running: Map<string, AbortController>
}

async function receive(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => response.destroy())
  if (request.method === 'GET') return openStandingStream(context, request, response)
  if (request.method === 'DELETE') {
    const known = context.sessions.delete(String(request.headers['mcp-session-id']))
    return void response.writeHead(context.era === '2025-11-25' && known ? 200 : 405).end()
  }
  const raw = await readAll(request)
  let message: Json
  try {
    message = JSON.parse(raw) as Json
  } catch {
    return void response.writeHead(400).end('not JSON')
  }
  record(context.state, request, message, raw)
  const refused: Gate = gate(context, request, message)
  if (refused.kind === 'refused') return sendJson(response, refused.status, refused.body)
  if (context.era === '2025-11-25' && !('method' in message)) return acceptAnswer(context, response, message)
  if (message['id'] === undefined) return acceptNotification(context, request, response, message)
  if (message['method'] === 'subscriptions/listen') return openSubscription(context, response, message)
  if (message['method'] === 'initialize') {
    const session = randomUUID()
    context.sessions.add(session)
    response.setHeader('mcp-session-id', session)
  }
  await answer(createHttpExchange(context, { request, response, message, raw }))
}

function openStandingStream(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const session = String(request.headers['mcp-session-id'])
  if (context.era !== '2025-11-25') return void response.writeHead(405).end()
  if (!context.sessions.has(session)) return void response.writeHead(404).end()
  stand(context, response, undefined)
}

function openSubscription(context: ServerContext, response: ServerResponse, message: Json): void {
  stand(context, response, message['id'])
  const params = message['params'] as Json
  const _meta = { 'io.modelcontextprotocol/subscriptionId': message['id'] }
  const acknowledged = { _meta, notifications: params['notifications'] ?? {} }
  const method = 'notifications/subscriptions/acknowledged'
  response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params: acknowledged })}\n\n`)
}

function stand(context: ServerContext, response: ServerResponse, subscriptionId: unknown): void {
  const entry: Standing = { response, subscriptionId }
  context.standing.add(entry)
  response.on('close', () => context.standing.delete(entry))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(': open\n\n')
}

function acceptAnswer(context: ServerContext, response: ServerResponse, message: Json): void {
  context.state.answersToServerRequests.push(message)
  context.pending.get(String(message['id']))?.(message)
  response.writeHead(202).end()
}

function acceptNotification(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
  message: Json,
): void {
  if (message['method'] === 'notifications/cancelled') {
    const { requestId } = message['params'] as Json
    const session = String(request.headers['mcp-session-id'])
    context.running.get(`${session}|${JSON.stringify(requestId)}`)?.abort('notification')
  }
  response.writeHead(202).end()
}

function record(state: EvilState, request: IncomingMessage, message: Json, raw: string): void {
  const params = message['params'] as Json | undefined
  const name = params?.['name'] ?? params?.['uri']
  state.seen.push({
    at: performance.now(),
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    method: String(message['method']),
    name: typeof name === 'string' ? name : undefined,
    message,
    raw,
  })
}

function sendJson(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
