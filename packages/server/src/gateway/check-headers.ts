import { ParleyError } from '@parley/contract'
import { decodeHeaderValue } from '../lib/header-value.ts'
import { isObject } from '../lib/json-rpc.ts'
import type { Envelope } from '../lib/strict-json/index.ts'
import type { ParamHeader } from '../registry/index.ts'
import { LOG_LEVELS, META, MODERN, NAME_FIELD, SUPPORTED_VERSIONS } from './protocol.ts'
import type { McpHeaders } from './read-headers.ts'

function mismatch(message: string): never {
  throw new ParleyError('header_mismatch', `Header mismatch: ${message}`)
}

/**
 * Holds the headers of a modern request against its body (MCP 2026-07-28, Server Validation), so that nobody on the
 * way can be made to decide on another method or name than the one that runs. Throws `header_mismatch` (-32020),
 * `unsupported_version` (-32022) or `invalid_params` (-32602).
 */
export function checkHeaders(headers: McpHeaders, envelope: Envelope, method: string): void {
  if (headers.repeated !== undefined) mismatch(`${headers.repeated} stands more than once`)
  if (headers.version === undefined) mismatch('MCP-Protocol-Version is missing')
  if (!envelope.has(META.version) && headers.version === MODERN) {
    throw new ParleyError('invalid_params', `params._meta must carry "${META.version}".`)
  }
  if (!envelope.is(META.version, headers.version)) mismatch('MCP-Protocol-Version differs from the body')
  if (headers.version !== MODERN) {
    throw new ParleyError('unsupported_version', 'Unsupported protocol version', {
      data: { supported: SUPPORTED_VERSIONS, requested: headers.version },
    })
  }
  if (headers.method === undefined) mismatch('Mcp-Method is missing')
  if (headers.method !== method) mismatch('Mcp-Method differs from the body')
  checkName(headers, envelope, method)
  checkMeta(envelope)
}

function checkName(headers: McpHeaders, envelope: Envelope, method: string): void {
  const field = NAME_FIELD[method]
  if (field === undefined) return
  // The usual name is written in the header as in the body.
  if (headers.name !== undefined && !headers.name.startsWith('=?') && envelope.is(field, headers.name)) return
  const value = envelope.string(field)
  if (value === undefined) throw new ParleyError('invalid_params', `params.${field} must be a string.`)
  if (headers.name === undefined) mismatch('Mcp-Name is missing')
  if (decodeHeaderValue(headers.name) !== value) mismatch(`Mcp-Name differs from params.${field}`)
}

/** The required `_meta` of every modern request (MCP 2026-07-28, Per-request protocol fields). */
function checkMeta(envelope: Envelope): void {
  const span = envelope.span(META.clientCapabilities)
  if (!span || envelope.bytes[span.start] !== 0x7b) {
    throw new ParleyError(
      'invalid_params',
      `params._meta must carry "${META.clientCapabilities}" as an object.`,
    )
  }
  if (envelope.has(META.logLevel) && !LOG_LEVELS.includes(envelope.string(META.logLevel) ?? '')) {
    throw new ParleyError('invalid_params', `"${META.logLevel}" must be one of ${LOG_LEVELS.join(', ')}.`)
  }
}

/** Holds `Mcp-Param-*` headers against the arguments, for a tool whose definition asks for them. */
export function checkParamHeaders(
  headers: McpHeaders,
  envelope: Envelope,
  wanted: readonly ParamHeader[],
): void {
  if (wanted.length === 0) return
  const args = envelope.value('arguments')
  for (const { header, path, type } of wanted) {
    const value = valueAt(args, path)
    const sent = headers.params?.get(header)
    const name = `Mcp-Param-${header}`
    if (value === undefined || value === null) {
      if (sent !== undefined) mismatch(`${name} is sent, but the body has no such value`)
      continue
    }
    if (sent === undefined) mismatch(`${name} is missing, but the body has a value`)
    const text = decodeHeaderValue(sent)
    if (text === undefined || !sameValue(text, value, type)) mismatch(`${name} differs from the body`)
  }
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return at
}

/** Integers are compared as numbers: 42.0 and 42 are equal. */
function sameValue(text: string, value: unknown, type: ParamHeader['type']): boolean {
  if (typeof value === 'string') return text === value
  if (typeof value === 'boolean') return text === String(value)
  // Beyond this a double no longer tells one integer from the next.
  if (!Number.isSafeInteger(value) || type !== 'integer') return false
  return /^-?\d+(\.0+)?$/.test(text) && Number(text) === value
}
