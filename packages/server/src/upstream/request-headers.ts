import { ParleyError } from '@parley/contract'
import { encodeHeaderValue } from '../lib/header-value.ts'
import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** Where a tool's arguments are mirrored into headers; found by the registry in its definition. */
export interface MirroredParam {
  /** Lower case, without `mcp-param-`. */
  readonly header: string
  readonly path: readonly string[]
}

export type ParamHeadersOf = (tool: string) => readonly MirroredParam[]

const ACCEPT_BOTH = 'application/json, text/event-stream'
/** Mcp-Method has no encoding, so a method that no header can carry cannot be sent. */
const METHOD = /^[\x21-\x7e]{1,200}$/
const NAME_FIELD: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  // SEP-2663, Streamable HTTP: Routing Headers.
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** The headers of a modern request, made from its body (MCP 2026-07-28, Streamable HTTP: Client Behavior). */
export function modernHeaders(
  method: string,
  params: JsonObject | undefined,
  mirrored: ParamHeadersOf,
): Record<string, string> {
  if (!METHOD.test(method)) throw new ParleyError('method_not_found', 'There is no such method.')
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: ACCEPT_BOTH,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  }
  const field = Object.hasOwn(NAME_FIELD, method) ? NAME_FIELD[method]! : undefined
  const name = field === undefined ? undefined : params?.[field]
  if (typeof name !== 'string') return headers
  headers['mcp-name'] = encodeHeaderValue(name)
  if (method !== 'tools/call') return headers
  for (const { header, path } of mirrored(name)) {
    const text = toHeaderText(valueAt(params?.['arguments'], path))
    if (text !== undefined) headers[`mcp-param-${header}`] = encodeHeaderValue(text)
  }
  return headers
}

/** The headers of a session; `version` is undefined until it was negotiated. */
export function sessionHeaders(
  version: string | undefined,
  sessionId: string | undefined,
): Record<string, string> {
  return {
    ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
    ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
  }
}

export function postHeaders(
  version: string | undefined,
  sessionId: string | undefined,
): Record<string, string> {
  return { 'content-type': 'application/json', accept: ACCEPT_BOTH, ...sessionHeaders(version, sessionId) }
}

/** Integers stand in decimal, never with an exponent (MCP 2026-07-28, Value Encoding). */
function toHeaderText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (isRawNumber(value)) return value.rawJSON
  if (typeof value !== 'number') return undefined
  return Number.isInteger(value) ? BigInt(value).toString() : String(value)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return at
}
