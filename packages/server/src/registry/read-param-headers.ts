import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { ParamHeader } from './catalog.ts'

export type ParamHeadersFound =
  | { readonly kind: 'ok'; readonly headers: readonly ParamHeader[] }
  | { readonly kind: 'violation'; readonly reason: string }

const ANNOTATION = 'x-mcp-header'
/** RFC 9110 §5.1: 1*tchar. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const MAX_HEADERS = 32
const MAX_NAME_LENGTH = 128
const MAX_DEPTH = 64

/**
 * Reads a tool's `x-mcp-header` annotations, or says which rule of MCP 2026-07-28 (Streamable HTTP, Schema
 * Extension) one of them breaks; such a tool is left out alone. At most 32 annotations of 128 characters.
 */
export function readParamHeaders(inputSchema: unknown): ParamHeadersFound {
  const headers: ParamHeader[] = []
  const reason = isObject(inputSchema) ? visit(inputSchema, [], headers) : undefined
  return reason === undefined ? { kind: 'ok', headers } : { kind: 'violation', reason }
}

/** `schema` is reached from the root through `properties` alone; `path` holds the names on the way. */
function visit(schema: JsonObject, path: readonly string[], headers: ParamHeader[]): string | undefined {
  if (Object.hasOwn(schema, ANNOTATION)) {
    const reason = readAnnotation(schema, path, headers)
    if (reason !== undefined) return reason
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const reason =
      keyword === 'properties' && isObject(value) && path.length < MAX_DEPTH
        ? visitProperties(value, path, headers)
        : refuseWithin(keyword, value)
    if (reason !== undefined) return reason
  }
  return undefined
}

function visitProperties(
  properties: JsonObject,
  path: readonly string[],
  headers: ParamHeader[],
): string | undefined {
  for (const [name, schema] of Object.entries(properties)) {
    const reason = isObject(schema) ? visit(schema, [...path, name], headers) : undefined
    if (reason !== undefined) return reason
  }
  return undefined
}

function readAnnotation(
  schema: JsonObject,
  path: readonly string[],
  headers: ParamHeader[],
): string | undefined {
  const name = schema[ANNOTATION]
  const { type } = schema
  if (path.length === 0) return `${ANNOTATION} stands on the schema itself, not on a parameter`
  if (typeof name !== 'string') return `${ANNOTATION} is not a string`
  if (name === '') return `${ANNOTATION} is empty`
  if (name.length > MAX_NAME_LENGTH) return `${ANNOTATION} is longer than ${MAX_NAME_LENGTH} characters`
  if (!TOKEN.test(name)) return `${ANNOTATION} is not a header name`
  if (type !== 'string' && type !== 'integer' && type !== 'boolean') {
    return `${ANNOTATION} "${name}" is on a parameter whose type is not string, integer or boolean`
  }
  const header = name.toLowerCase()
  if (headers.some((known) => known.header === header)) return `${ANNOTATION} "${name}" is used twice`
  if (headers.length >= MAX_HEADERS) return `more than ${MAX_HEADERS} parameters carry ${ANNOTATION}`
  headers.push({ header, path, type })
  return undefined
}

/** Values of these keywords are data, not schemas: what looks like an annotation there is none. */
const DATA_KEYWORDS = new Set([
  'const',
  'default',
  'enum',
  'examples',
  'example',
  'description',
  'title',
  '$comment',
])

/** Anywhere but on a chain of `properties`, an annotation makes the tool invalid. */
function refuseWithin(keyword: string, value: unknown): string | undefined {
  if (keyword === ANNOTATION || DATA_KEYWORDS.has(keyword)) return undefined
  return holdsAnnotation(value)
    ? `${ANNOTATION} is under "${keyword.slice(0, 40)}", where no argument can be read`
    : undefined
}

function holdsAnnotation(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsAnnotation)
  if (!isObject(value)) return false
  return Object.entries(value).some(
    ([key, member]) => key === ANNOTATION || (!DATA_KEYWORDS.has(key) && holdsAnnotation(member)),
  )
}
