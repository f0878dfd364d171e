/** A request as raw HTTP/1.1 bytes; `ID_MARK` in the body becomes a new number for each one sent. */
export interface RawRequest {
  readonly bytes: Buffer
  /** What a right answer contains. */
  readonly marker: string
}

export interface CallOptions {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tool?: 'echo' | 'stream'
  /** The name under which the tool is offered there; the tool's own otherwise. */
  readonly toolName?: string
  /** About how many bytes the body has; the shortest possible otherwise. */
  readonly bodyBytes?: number
}

/** Becomes a new number of eight digits for each request. */
export const ID_MARK = '@@ID@@@@'
const MODERN = '2026-07-28'
const META = {
  progressToken: 'bench-progress',
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** `tools/call` as a client of 2026-07-28 sends it. */
export function modernCall(options: CallOptions): RawRequest {
  const name = options.toolName ?? options.tool ?? 'echo'
  const params = { name, arguments: toolArguments(options.bodyBytes ?? 0), _meta: META }
  const headers = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/call', 'Mcp-Name': name }
  return { bytes: post(options, rpc('tools/call', params), headers), marker: 'bench-ok' }
}

/** `tools/call` as a client of 2025-11-25 sends it within a session. */
export function legacyCall(
  options: CallOptions & { sessionId: string | undefined; version: string },
): RawRequest {
  const params = { name: options.toolName ?? 'echo', arguments: toolArguments(options.bodyBytes ?? 0) }
  const headers: Record<string, string> = { 'MCP-Protocol-Version': options.version }
  if (options.sessionId !== undefined) headers['Mcp-Session-Id'] = options.sessionId
  return { bytes: post(options, rpc('tools/call', params), headers), marker: 'bench-ok' }
}

/** `subscriptions/listen` for tool list changes: a stream that stays open. */
export function listen(options: CallOptions): RawRequest {
  const params = { _meta: META, notifications: { toolsListChanged: true } }
  const headers = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'subscriptions/listen' }
  return {
    bytes: post(options, rpc('subscriptions/listen', params), headers),
    marker: 'subscriptions/acknowledged',
  }
}

/** A request of A2A 1.0 over JSON-RPC; where `params` holds `ID_MARK` the number of the request is put. */
export function a2aCall(
  options: Pick<CallOptions, 'path' | 'headers'>,
  { method, params, marker = 'bench-ok' }: { method: string; params: object; marker?: string },
): RawRequest {
  return { bytes: post(options, rpc(method, params), { 'A2A-Version': '1.0' }), marker }
}

/** Any other POST with a JSON body. */
export function plainPost(path: string, body: object): RawRequest {
  return { bytes: post({ path }, JSON.stringify(body), {}), marker: 'bench-ok' }
}

function rpc(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: ID_MARK, method, params }).replace(`"${ID_MARK}"`, ID_MARK)
}

function post(options: CallOptions, body: string, more: Readonly<Record<string, string>>): Buffer {
  const headers = {
    Host: 'localhost',
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    ...more,
    ...options.headers,
    'Content-Length': Buffer.byteLength(body),
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${options.path} HTTP/1.1\r\n${head.join('')}\r\n${body}`)
}

/** Mixed JSON, not one long string: what a parser or scanner has to work through. */
function toolArguments(bytes: number): object {
  const rows: object[] = []
  for (let size = 400, row = 0; size < bytes; size += 95, row += 1) {
    rows.push({
      name: `row-${row}`,
      value: row * 1.5,
      tags: ['red', 'bêta'],
      on: true,
      next: null,
      text: 'a "quoted" word',
    })
  }
  return rows.length === 0 ? { text: 'hello' } : { rows }
}
