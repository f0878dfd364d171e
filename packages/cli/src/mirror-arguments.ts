import { headerValue } from './modern-request.ts'
import { isObject } from './read-response.ts'

const MAX_DEPTH = 16

/** The `Mcp-Param-*` headers that an input schema asks for with `x-mcp-header` (MCP 2026-07-28, Schema Extension). */
export function mirrorArguments(schema: unknown, args: unknown, depth = 0): Record<string, string> {
  const headers: Record<string, string> = {}
  if (depth > MAX_DEPTH || !isObject(schema) || !isObject(schema['properties']) || !isObject(args))
    return headers
  for (const [key, property] of Object.entries(schema['properties'])) {
    const value = Object.hasOwn(args, key) ? args[key] : undefined
    if (!isObject(property) || value === undefined || value === null) continue
    const name = property['x-mcp-header']
    if (typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value !== 'object')
      headers[`mcp-param-${name}`] = headerValue(String(value))
    Object.assign(headers, mirrorArguments(property, value, depth + 1))
  }
  return headers
}
