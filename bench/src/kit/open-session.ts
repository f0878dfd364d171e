/** Initializes as a client before 2026-07-28; returns the session's id, if the server keeps sessions. */
export async function openSession(
  url: string,
  options: { version: string; headers?: Readonly<Record<string, string>> },
): Promise<string | undefined> {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    ...options.headers,
  }
  const params = {
    protocolVersion: options.version,
    capabilities: {},
    clientInfo: { name: 'bench', version: '1.0.0' },
  }
  const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(initialize) })
  const text = await response.text()
  if (!response.ok || !text.includes('protocolVersion'))
    throw new Error(`initialize at ${url}: ${response.status} ${text}`)
  const sessionId = response.headers.get('mcp-session-id') ?? undefined
  const initialized = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'MCP-Protocol-Version': options.version,
      ...(sessionId === undefined ? {} : { 'Mcp-Session-Id': sessionId }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  })
  await initialized.arrayBuffer()
  return sessionId
}
