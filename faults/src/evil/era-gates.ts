import type { IncomingMessage } from 'node:http'
import type { ServerContext } from './evil-http.ts'
import type { Json } from './evil-state.ts'

export type Gate =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly status: number; readonly body: Json }

/** What a server of that era refuses before it looks at the method, so that era detection meets the real thing. */
export function gate(context: ServerContext, request: IncomingMessage, message: Json): Gate {
  return context.era === '2026-07-28' ? modernGate(request, message) : legacyGate(context, request, message)
}

function modernGate(request: IncomingMessage, message: Json): Gate {
  const params = message['params'] as Json | undefined
  const meta = params?.['_meta'] as Json | undefined
  const version = meta?.['io.modelcontextprotocol/protocolVersion']
  if (version !== undefined && version !== '2026-07-28') {
    const data = { supported: ['2026-07-28'], requested: version }
    return refuse(400, message, -32022, 'Unsupported protocol version', data)
  }
  if (version === undefined || request.headers['mcp-protocol-version'] !== version) {
    return refuse(400, message, -32020, 'Header mismatch')
  }
  return { kind: 'open' }
}

function legacyGate(context: ServerContext, request: IncomingMessage, message: Json): Gate {
  if (message['method'] === 'initialize') return { kind: 'open' }
  const session = request.headers['mcp-session-id']
  if (session === undefined) return refuse(400, message, -32000, 'Bad Request: No valid session ID provided')
  if (!context.sessions.has(String(session))) return refuse(404, message, -32001, 'Session not found')
  return { kind: 'open' }
}

function refuse(...[status, message, code, text, data]: [number, Json, number, string, unknown?]): Gate {
  const error = { code, message: text, ...(data === undefined ? {} : { data }) }
  return { kind: 'refused', status, body: { jsonrpc: '2.0', id: message['id'] ?? null, error } }
}
