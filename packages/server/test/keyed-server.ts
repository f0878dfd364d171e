import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, any>

/** A server that lets nobody in without a key, and answers each call with the key that it came with. */
export interface KeyedServer extends AsyncDisposable {
  readonly url: string
  /** Keys that are let in; all others get 401. */
  readonly keys: Set<string>
  /** Of every request, in order. */
  readonly seen: { readonly method: string; readonly headers: IncomingMessage['headers'] }[]
  /** Messages on a session that another key had opened; an end of the session is none. */
  crossed: number
}

export const KEY_HEADER = 'x-api-key'

export async function startKeyedServer(
  era: 'modern' | 'legacy',
  keys: readonly string[] = [],
): Promise<KeyedServer> {
  const owners = new Map<string, string>()
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', (chunk: Buffer) => (text += chunk.toString()))
    req.on('end', () => {
      const message = (text === '' ? {} : JSON.parse(text)) as Json
      const key = String(req.headers[KEY_HEADER] ?? '')
      keyed.seen.push({ method: message['method'] ?? req.method, headers: req.headers })
      if (!keyed.keys.has(key)) return void res.writeHead(401).end()
      const session = req.headers['mcp-session-id']
      if (req.method === 'POST' && typeof session === 'string' && owners.get(session) !== key) keyed.crossed++
      if (era === 'legacy' && message['method'] === 'server/discover') return void res.writeHead(400).end()
      if (req.method !== 'POST') return void res.writeHead(req.method === 'GET' ? 405 : 200).end()
      if (message['id'] === undefined) return void res.writeHead(202).end()
      const opened = message['method'] === 'initialize' ? `s${owners.size + 1}` : undefined
      if (opened !== undefined) owners.set(opened, key)
      res.writeHead(200, {
        'content-type': 'application/json',
        ...(opened !== undefined && { 'mcp-session-id': opened }),
      })
      const result = resultOf(message, key, era)
      res.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const keyed: KeyedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    keys: new Set(keys),
    seen: [],
    crossed: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return keyed
}

function resultOf({ method, params }: Json, key: string, era: string): Json {
  const common = era === 'modern' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}
  if (method === 'server/discover')
    return { ...common, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }
  if (method === 'initialize')
    return {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'keyed', version: '1' },
    }
  if (method === 'tools/list')
    return { ...common, tools: [{ name: 'look', inputSchema: { type: 'object' } }] }
  return { ...common, content: [{ type: 'text', text: `${key} ${params?.arguments?.said ?? ''}` }] }
}
