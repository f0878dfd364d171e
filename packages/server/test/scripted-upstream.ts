import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, any>

/** A modern MCP server whose definitions and answers a test scripts; it counts what reaches it. */
export interface ScriptedUpstream extends AsyncDisposable {
  readonly url: string
  tools: Json[]
  /** Calls that arrived, with their headers. */
  readonly calls: { params: Json; headers: IncomingMessage['headers'] }[]
  /** Calls that the caller broke off. */
  cancelled: number
  answer: (params: Json) => Json | Promise<Json>
}

export async function startScriptedUpstream(tools: Json[]): Promise<ScriptedUpstream> {
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', (chunk: Buffer) => (text += chunk.toString()))
    req.on('end', () => {
      const { id, method, params } = JSON.parse(text) as Json
      if (method === 'subscriptions/listen') return void res.writeHead(404).end()
      const reply = (body: Json) => {
        const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...body }
        res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, result }))
      }
      if (method === 'server/discover')
        reply({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
      else if (method === 'tools/list') reply({ tools: upstream.tools })
      else {
        upstream.calls.push({ params, headers: req.headers })
        res.once('close', () => (upstream.cancelled += res.writableFinished ? 0 : 1))
        void Promise.resolve(upstream.answer(params)).then(reply)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: ScriptedUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    tools,
    calls: [],
    cancelled: 0,
    answer: () => ({ content: [{ type: 'text', text: 'done' }] }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return upstream
}

/** The headers and body of one modern request. */
export function modernRequest(method: string, params: Json = {}, capabilities: Json = {}) {
  const name = params['name'] ?? params['uri']
  return {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name as string }),
    } as Record<string, string>,
    body: {
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': capabilities,
        },
      },
    } as Json,
  }
}
