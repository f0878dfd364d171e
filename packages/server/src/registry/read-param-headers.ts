import { isObject } from '../lib/json-rpc.ts'
import type { ParamHeader } from './catalog.ts'

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const ANNOTATION = 'x-mcp-header'
const MAX_DEPTH = 64

/**
 * The `x-mcp-header` annotations of an input schema (MCP 2026-07-28, Schema Extension), or in words which rule one of
 * them breaks: they must be unique tokens on string, integer or boolean properties that are reached through
 * `properties` alone.
 */
export function readParamHeaders(inputSchema: unknown): ParamHeader[] | string {
  const found: ParamHeader[] = []
  const problem = walk(inputSchema, { path: [], reachable: true, depth: 0 }, found)
  if (problem !== undefined) return problem
  const names = new Set(found.map(({ header }) => header))
  return names.size === found.length ? found : 'two parameters name the same header'
}

interface Place {
  readonly path: readonly string[]
  /** Whether only `properties` keys lead here. */
  readonly reachable: boolean
  readonly depth: number
}

function walk(schema: unknown, place: Place, found: ParamHeader[]): string | undefined {
  if (place.depth > MAX_DEPTH) return 'the schema is nested too deeply'
  if (Array.isArray(schema)) return first(schema, (item) => walk(item, below(place), found))
  if (!isObject(schema)) return undefined
  if (Object.hasOwn(schema, ANNOTATION)) {
    const header = readAnnotation(schema, place)
    if (typeof header === 'string') return header
    found.push(header)
  }
  return first(Object.entries(schema), ([key, value]) => {
    if (key !== 'properties' || !isObject(value)) return walk(value, below(place), found)
    return first(Object.entries(value), ([name, property]) =>
      walk(property, { ...place, path: [...place.path, name], depth: place.depth + 1 }, found),
    )
  })
}

function below(place: Place): Place {
  return { path: place.path, reachable: false, depth: place.depth + 1 }
}

function readAnnotation(schema: Readonly<Record<string, unknown>>, place: Place): ParamHeader | string {
  const header = schema[ANNOTATION]
  const type = schema['type']
  if (typeof header !== 'string' || !TOKEN.test(header)) return 'a header name is not a token'
  if (!place.reachable || place.path.length === 0) return 'a header stands where no property path leads'
  if (type !== 'string' && type !== 'integer' && type !== 'boolean')
    return 'a header stands on a parameter that is no string, integer or boolean'
  return { header: header.toLowerCase(), path: place.path, type }
}

function first<item>(items: readonly item[], find: (item: item) => string | undefined): string | undefined {
  for (const one of items) {
    const problem = find(one)
    if (problem !== undefined) return problem
  }
  return undefined
}
