import type { JsonObject } from '../lib/json-rpc.ts'
import type { OperationCall } from './operation-call.ts'

const MAX_LINK_CHARACTERS = 8192

/** The arguments that lead to the next page, as a `Link` header names it (RFC 8288); undefined without one. */
export function nextPage(call: OperationCall, link: string | string[] | undefined): JsonObject | undefined {
  const header = Array.isArray(link) ? link.join(', ') : link
  if (header === undefined || header.length > MAX_LINK_CHARACTERS) return undefined
  const target = targetOfNext(header)
  const url = target === undefined ? null : URL.parse(target, 'http://service.invalid')
  if (!url) return undefined
  const found = call.parameters.flatMap((binding) => {
    const value = binding.in === 'query' ? url.searchParams.get(binding.name) : null
    return value === null ? [] : [[binding.argument, toArgument(call, binding.argument, value)] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function targetOfNext(header: string): string | undefined {
  for (const link of header.split(/,\s*(?=<)/)) {
    const end = link.indexOf('>')
    const relation = /;\s*rel="?([^";]*)/i.exec(link.slice(end))?.[1]
    if (link.trimStart().startsWith('<') && relation?.toLowerCase().split(' ').includes('next'))
      return link.slice(link.indexOf('<') + 1, end)
  }
  return undefined
}

function toArgument({ inputSchema }: OperationCall, argument: string, value: string): unknown {
  const properties = inputSchema['properties'] as Readonly<Record<string, JsonObject>> | undefined
  const type = properties?.[argument]?.['type']
  const isNumber = (type === 'integer' || type === 'number') && /^-?\d{1,15}$/.test(value)
  return isNumber ? Number(value) : value
}
