import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * An MCP server of either era that offers what stands in a file at that moment and notes each call in another, so that
 * a test changes and watches it in the same way over HTTP and over stdio. Run as a program it speaks stdio:
 * `node offering-server.ts <era> <directory>`.
 */

type Json = Record<string, any>
export type Era = '2026-07-28' | '2025-11-25'

const PAGE = 2

/** Undefined for what gets no answer. */
function answer(era: Era, directory: string, { id, method, params }: Json): Json | undefined {
  if (id === undefined) return undefined
  const modern = era === '2026-07-28'
  const result = (value: Json) => ({
    jsonrpc: '2.0',
    id,
    result: modern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...value } : value,
  })
  if (modern && method === 'server/discover')
    return result({ supportedVersions: [era], capabilities: { tools: {} } })
  if (!modern && method === 'initialize') {
    const serverInfo = { name: 'offering', version: '1' }
    return result({ protocolVersion: era, capabilities: { tools: {} }, serverInfo })
  }
  if (method === 'tools/list') {
    const tools = JSON.parse(readFileSync(`${directory}/tools.json`, 'utf8')) as Json[]
    const start = Number(params?.cursor ?? 0)
    const next = start + PAGE < tools.length ? { nextCursor: String(start + PAGE) } : {}
    return result({ tools: tools.slice(start, start + PAGE), ...next })
  }
  if (method === 'tools/call') {
    appendFileSync(`${directory}/calls`, `${params.name}\n`)
    return result({ content: [{ type: 'text', text: `done ${params.name}` }] })
  }
  return { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }
}

export interface OfferingServer extends AsyncDisposable {
  /** Any path below it reaches the server. */
  readonly origin: string
}

export async function startOfferingServer(era: Era, directory: string): Promise<OfferingServer> {
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', (chunk: Buffer) => (text += chunk.toString()))
    req.on('end', () => {
      if (req.method !== 'POST') return void res.writeHead(req.method === 'DELETE' ? 200 : 405).end()
      const message = JSON.parse(text) as Json
      if (era === '2025-11-25' && message['method'] === 'server/discover')
        return void res.writeHead(400).end('no session')
      const reply = answer(era, directory, message)
      if (!reply) return void res.writeHead(202).end()
      const session = message['method'] === 'initialize' ? { 'mcp-session-id': 'session' } : {}
      res.writeHead(200, { 'content-type': 'application/json', ...session }).end(JSON.stringify(reply))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serveStdio(era: Era, directory: string): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const reply = answer(era, directory, JSON.parse(line) as Json)
    if (reply) process.stdout.write(`${JSON.stringify(reply)}\n`)
  })
}

if (process.argv[1] === import.meta.filename) serveStdio(process.argv[2] as Era, process.argv[3]!)
