import { MERGED_NAME_SEPARATOR, type CapabilityKind } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Registry } from '../registry/index.ts'
import { META, SUPPORTED_VERSIONS, type ListMethod } from './protocol.ts'
import { withExtension } from './tasks/tasks-extension.ts'
import type { Visibility } from './visibility.ts'

export const HUB_INFO = { name: 'parley', title: 'Parley', version: '0.1.0' } as const

/** What the merged endpoint offers to everybody, in the form of either era's capabilities. */
export const MERGED_CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
} as const

/**
 * The items of a merged list: approved definitions of all servers that the caller may use, named `server__name`, in a
 * stable order.
 */
export function mergedItems(registry: Registry, method: ListMethod, visibility: Visibility): JsonObject[] {
  const entries = registry.entries()
  if (method === 'resources/list') return uniqueResources(registry, visibility)
  return entries.flatMap((entry) => {
    const { tools, prompts, templates } = entry.catalog
    const definitions = {
      'tools/list': tools,
      'prompts/list': prompts,
      'resources/templates/list': templates,
    }[method]
    const shown = [...definitions.values()].filter(({ kind, name }) =>
      visibility.shows(entry, kind as CapabilityKind, name),
    )
    if (method === 'resources/templates/list') return shown.map((definition) => definition.body)
    return shown.map(({ name, body }) => ({ ...body, name: entry.name + MERGED_NAME_SEPARATOR + name }))
  })
}

/** A URI that two servers list belongs to the first by name; the other's is reached at its own endpoint. */
function uniqueResources(registry: Registry, visibility: Visibility): JsonObject[] {
  const seen = new Set<string>()
  const shown: JsonObject[] = []
  for (const entry of registry.entries()) {
    for (const [uri, resource] of entry.catalog.resources) {
      // The first owner is who a read would reach, whether the caller may see it or not.
      if (seen.has(uri)) continue
      seen.add(uri)
      if (visibility.shows(entry, 'resource', uri)) shown.push(resource)
    }
  }
  return shown
}

export function mergedDiscover(): JsonObject {
  return {
    resultType: 'complete',
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities: withExtension(MERGED_CAPABILITIES),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [META.serverInfo]: HUB_INFO },
  }
}
