import type { Era, Json } from '../evil/evil-state.ts'
import { send, type HttpRequest, type Reply, type Target } from './http.ts'

/** A client of one era on one address, at the level of HTTP requests that a test may still bend. */
export interface Face {
  readonly era: Era
  readonly path: string
  readonly target: Target
  /** The session's id; undefined in 2026-07-28, which has none. */
  readonly session: string | undefined
  /** What `initialize` answered; undefined in 2026-07-28. */
  readonly initialized: Json | undefined
  /** The proper request for a method, with the changes made to it. */
  build(method: string, params?: Json, change?: Change): HttpRequest
  send(method: string, params?: Json, change?: Change): Promise<Reply>
  /** `tools/call`. */
  call(tool: string, args?: Json, change?: Change): Promise<Reply>
  close(): Promise<void>
}

export interface Change {
  /** Headers by lower-case name: a value replaces, null drops, a list sends the header several times. */
  readonly headers?: Readonly<Record<string, string | null | readonly string[]>>
  /** The body's bytes instead of the proper ones. */
  readonly body?: string | Buffer
  readonly id?: unknown
  readonly timeoutMs?: number
  /** Client capabilities of this request (2026-07-28 only). */
  readonly capabilities?: Json
}

export interface FaceOptions {
  readonly capabilities?: Json
  readonly clientName?: string
}

const ACCEPT = 'application/json, text/event-stream'
let nextId = 1

/** Opens a client: nothing to do in 2026-07-28, `initialize` and `notifications/initialized` in 2025-11-25. */
export function openFace(target: Target, era: Era, path: string, options: FaceOptions = {}): Promise<Face> {
  return era === '2026-07-28'
    ? Promise.resolve(modernFace(target, path, options))
    : legacyFace(target, path, options)
}

function modernFace(target: Target, path: string, options: FaceOptions): Face {
  function build(method: string, params: Json = {}, change: Change = {}): HttpRequest {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: options.clientName ?? 'faults', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': change.capabilities ?? options.capabilities ?? {},
      ...(params['_meta'] as Json | undefined),
    }
    const name = params['name'] ?? params['uri']
    const headers: Record<string, string> = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }
    if (typeof name === 'string' && NAMED_METHODS.has(method)) headers['mcp-name'] = encodeHeaderValue(name)
    return assemble(path, { method, params: { ...params, _meta } }, headers, change)
  }
  return completeFace({
    era: '2026-07-28',
    path,
    target,
    session: undefined,
    initialized: undefined,
    build,
    close: () => Promise.resolve(),
  })
}

async function legacyFace(target: Target, path: string, options: FaceOptions): Promise<Face> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: options.capabilities ?? {},
    clientInfo: { name: options.clientName ?? 'faults', version: '1.0.0' },
  }
  const opened = await send(target, assemble(path, { method: 'initialize', params }, {}, {}))
  const session = opened.headers['mcp-session-id']
  if (opened.status !== 200 || typeof session !== 'string') {
    throw new Error(`initialize at ${path} answered ${opened.status}: ${opened.text.slice(0, 300)}`)
  }
  const fixed = { 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': session }
  function build(method: string, callParams?: Json, change: Change = {}): HttpRequest {
    return assemble(
      path,
      callParams === undefined ? { method } : { method, params: callParams },
      fixed,
      change,
    )
  }
  await send(target, build('notifications/initialized', undefined, { id: undefined }))
  const close = async (): Promise<void> => {
    await send(target, { method: 'DELETE', path, headers: Object.entries(fixed).flat() })
  }
  const initialized = opened.answer?.['result'] as Json | undefined
  return completeFace({ era: '2025-11-25', path, target, session, initialized, build, close })
}

function completeFace(base: Omit<Face, 'send' | 'call'>): Face {
  const sendMethod: Face['send'] = (method, params, change) =>
    send(base.target, base.build(method, params, change))
  return {
    ...base,
    send: sendMethod,
    call: (tool, args = {}, change = {}) => sendMethod('tools/call', { name: tool, arguments: args }, change),
  }
}

const NAMED_METHODS = new Set(['tools/call', 'resources/read', 'prompts/get'])

function assemble(
  ...[path, message, fixed, change]: [string, Json, Record<string, string>, Change]
): HttpRequest {
  const headers: Record<string, string | null | readonly string[]> = {
    'content-type': 'application/json',
    accept: ACCEPT,
    ...fixed,
    ...change.headers,
  }
  const isNotification = String(message['method']).startsWith('notifications/')
  const id = 'id' in change ? change.id : nextId++
  const body =
    change.body ??
    JSON.stringify({ jsonrpc: '2.0', ...(isNotification || id === undefined ? {} : { id }), ...message })
  return {
    path,
    body,
    headers: flatten(headers),
    ...(change.timeoutMs === undefined ? {} : { timeoutMs: change.timeoutMs }),
  }
}

function flatten(headers: Record<string, string | null | readonly string[]>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === null) return []
    return typeof value === 'string' ? [name, value] : value.flatMap((one) => [name, one])
  })
}

/** A header value as MCP 2026-07-28 encodes it: plain when safe, otherwise in the Base64 sentinel form. */
export function encodeHeaderValue(value: string): string {
  const isPlain =
    /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value)
  return isPlain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`
}

/** The text of a tool result's first content block; undefined when the reply is no such result. */
export function toolText(reply: Reply): string | undefined {
  const result = reply.answer?.['result'] as Json | undefined
  const content = result?.['content'] as Json[] | undefined
  const text = content?.[0]?.['text']
  return typeof text === 'string' ? text : undefined
}

/** The JSON-RPC error's code; undefined when there is none. */
export function errorCode(reply: Reply): number | undefined {
  const error = reply.answer?.['error'] as Json | undefined
  const code = error?.['code']
  return typeof code === 'number' ? code : undefined
}
