import { encodeHeaderValue } from '../lib/header-value.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Era } from './channel.ts'

/** Where a tool's arguments are mirrored into headers; found by the registry in its definition. */
export interface MirroredParam {
  readonly header: string
  readonly path: readonly string[]
}

export type ParamHeadersOf = (tool: string) => readonly MirroredParam[]

export const ACCEPT_BOTH = 'application/json, text/event-stream'

/** The headers of a modern request, made from its body (MCP 2026-07-28, Client Behavior). */
export function modernHeaders(
  method: string,
  params: JsonObject | undefined,
  mirrored: ParamHeadersOf,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: ACCEPT_BOTH,
    'accept-encoding': 'identity',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  }
  const name = method === 'resources/read' ? params?.['uri'] : params?.['name']
  if (
    (method === 'tools/call' || method === 'prompts/get' || method === 'resources/read') &&
    typeof name === 'string'
  ) {
    headers['mcp-name'] = encodeHeaderValue(name)
  }
  if (method === 'tools/call' && typeof name === 'string') {
    for (const { header, path } of mirrored(name)) {
      const value = valueAt(params?.['arguments'], path)
      if (value === undefined || value === null || typeof value === 'object') continue
      headers[`mcp-param-${header}`] = encodeHeaderValue(String(value))
    }
  }
  return headers
}

export function legacyHeaders(version: Era | string, sessionId: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: ACCEPT_BOTH,
    'accept-encoding': 'identity',
    'mcp-protocol-version': version,
    ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return at
}
