import type { ServerResponse } from 'node:http'
import {
  initializeResult,
  openEvents,
  sendJson,
  startRaw,
  type Received,
} from '../src/upstream/fixtures/raw-server.ts'

type Json = Record<string, any>

export { openEvents, sendJson, type Received }

export interface ScriptedSessionServer extends AsyncDisposable {
  readonly url: string
  /** Sends on a session's own stream, by the session's id. */
  readonly sessionStreams: Map<string, (message: unknown) => void>
  /** Everything but the handshake and the lists, as it came. */
  readonly calls: Received[]
  /** What its `initialize` was told. */
  readonly declared: Json[]
  readonly cancelled: unknown[]
  answer: (received: Received, res: ServerResponse) => void
}

export const textResult = (text: string) => ({ content: [{ type: 'text', text }] })

/** A server of 2025-11-25 that lists the given tools and otherwise does as a test says. */
export async function startSessionServer(tools: Json[]): Promise<ScriptedSessionServer> {
  let count = 0
  const raw = await startRaw((received, res) => {
    const { id, method, params } = received.body
    const reply = (result: unknown) => sendJson(res, { jsonrpc: '2.0', id, result })
    if (method === 'server/discover') return void res.writeHead(400).end('no session')
    if (method === 'notifications/cancelled') server.cancelled.push(params?.['requestId'])
    if (method?.startsWith('notifications/')) return void res.writeHead(202).end()
    if (received.method === 'DELETE') return void res.writeHead(200).end()
    if (method === 'initialize') {
      server.declared.push(params ?? {})
      const result = initializeResult('2025-11-25', { tools: {} })
      return sendJson(res, { jsonrpc: '2.0', id, result }, 200, { 'mcp-session-id': `s${++count}` })
    }
    if (method === 'tools/list') return reply({ tools })
    if (received.method === 'GET' && received.headers['last-event-id'] === undefined) {
      server.sessionStreams.set(String(received.headers['mcp-session-id']), openEvents(res))
      return
    }
    server.calls.push(received)
    server.answer(received, res)
  })
  const server: ScriptedSessionServer = {
    url: raw.url,
    sessionStreams: new Map(),
    calls: [],
    declared: [],
    cancelled: [],
    answer: ({ body }, res) => sendJson(res, { jsonrpc: '2.0', id: body.id, result: textResult('done') }),
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  }
  return server
}
