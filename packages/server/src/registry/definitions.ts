import { createHash } from 'node:crypto'
import { canonicalJson } from '../lib/jcs.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Definition, DefinitionKind } from './catalog.ts'
import { readParamHeaders } from './read-param-headers.ts'

export const MAX_NAME_LENGTH = 128
export const MAX_DEFINITION_BYTES = 64 * 1024
export const MAX_DEFINITIONS_PER_KIND = 1000

/** The pin: SHA-256 of the definition's canonical JSON, so that order and space never count and all else does. */
export function hashDefinition(body: JsonObject): string {
  return createHash('sha256').update(canonicalJson(body)).digest('base64url')
}

/** What a definition is known by: a tool's or prompt's `name`, a template's `uriTemplate`. */
export function nameOf(kind: DefinitionKind, body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const name = kind === 'template' ? body['uriTemplate'] : body['name']
  const longest = kind === 'template' ? 2048 : MAX_NAME_LENGTH
  return typeof name === 'string' && name.length > 0 && name.length <= longest ? name : undefined
}

/**
 * Reads one definition as an upstream sent it. Undefined when it can never be offered: no name, larger than 64 KiB, not
 * canonical JSON, or a tool whose `x-mcp-header` annotations break the rules; that one alone is left out.
 */
export function readDefinition(kind: DefinitionKind, body: unknown): Definition | undefined {
  const name = nameOf(kind, body)
  if (name === undefined || !isObject(body)) return undefined
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_DEFINITION_BYTES) return undefined
  const paramHeaders = kind === 'tool' ? readParamHeaders(body['inputSchema']) : []
  if (!Array.isArray(paramHeaders)) return undefined
  try {
    return { kind, name, hash: hashDefinition(body), body, paramHeaders }
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
