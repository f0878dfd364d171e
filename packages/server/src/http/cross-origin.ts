import type { IncomingMessage, ServerResponse } from 'node:http'

const ALLOW = {
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-max-age': '7200',
}
const ALLOWED_HEADERS =
  'authorization, content-type, accept, last-event-id, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, ' +
  'a2a-version, a2a-extensions'

/** Lets a page of an allow-listed origin read the response. No cookies are involved: credentials stay off (Fetch §3.3). */
export function allowCrossOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate')
  response.setHeader('vary', 'origin')
}

/**
 * Lets any page read the response, and answers its preflight: apps in a browser send their version of MCP along. True when the
 * request ends here.
 */
export function openToAll(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return false
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'mcp-protocol-version',
      'access-control-max-age': '7200',
    })
    .end()
  return true
}

/** Answers a preflight of such a page. `requested` names the headers it wants to send; `mcp-param-` ones are its own. */
export function answerPreflight(response: ServerResponse, requested: string | undefined): void {
  const extra = (requested ?? '').split(',', 64).map((name) => name.trim().toLowerCase())
  const parameters = extra.filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/.test(name))
  const headers = { ...ALLOW, 'access-control-allow-headers': [ALLOWED_HEADERS, ...parameters].join(', ') }
  response.writeHead(204, headers).end()
}
