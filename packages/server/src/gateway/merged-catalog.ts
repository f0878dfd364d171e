import { MERGED_NAME_SEPARATOR } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Registry } from '../registry/index.ts'
import { META, SUPPORTED_VERSIONS, type ListMethod } from './protocol.ts'

export const HUB_INFO = { name: 'parley', title: 'Parley', version: '0.1.0' } as const

/** What the merged endpoint offers to everybody, in the form of either era's capabilities. */
export const MERGED_CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
} as const

/** The items of a merged list: approved definitions of all servers, named `server__name`, in a stable order. */
export function mergedItems(registry: Registry, method: ListMethod): JsonObject[] {
  const entries = registry.entries()
  if (method === 'resources/list') return uniqueResources(registry)
  return entries.flatMap((entry) => {
    const { tools, prompts, templates } = entry.catalog
    if (method === 'resources/templates/list')
      return [...templates.values()].map((definition) => definition.body)
    const definitions = method === 'tools/list' ? tools : prompts
    return [...definitions.values()].map(({ name, body }) => ({
      ...body,
      name: entry.name + MERGED_NAME_SEPARATOR + name,
    }))
  })
}

/** A URI that two servers list belongs to the first by name; the other's is reached at its own endpoint. */
function uniqueResources(registry: Registry): JsonObject[] {
  const byUri = new Map<string, JsonObject>()
  for (const entry of registry.entries()) {
    for (const [uri, resource] of entry.catalog.resources) if (!byUri.has(uri)) byUri.set(uri, resource)
  }
  return [...byUri.values()]
}

export function mergedDiscover(): JsonObject {
  return {
    resultType: 'complete',
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities: MERGED_CAPABILITIES,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [META.serverInfo]: HUB_INFO },
  }
}
