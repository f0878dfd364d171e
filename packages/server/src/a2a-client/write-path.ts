import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'

/**
 * The path of an operation, its fields filled in from the request, and what of the request is left. A tenant stands
 * before it (`a2a.proto`, additional bindings).
 */
export function writePath(
  base: string,
  template: string,
  { tenant, ...request }: JsonObject,
): { readonly path: string; readonly rest: JsonObject } {
  const rest: Record<string, unknown> = { ...request }
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    delete rest[name]
    return writeSegment(request[name])
  })
  const prefix = typeof tenant === 'string' ? `/${writeSegment(tenant)}` : ''
  return { path: `${base}${prefix}${path}`, rest }
}

/** One segment, and never one that leads elsewhere (RFC 3986 §3.3). */
function writeSegment(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..' || !value.isWellFormed())
    throw new ParleyError('invalid_params', 'An id of the request cannot stand in an address.')
  return encodeURIComponent(value)
}
