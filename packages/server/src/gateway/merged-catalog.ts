import { MERGED_NAME_SEPARATOR, capabilityName, type CapabilityKind } from '@parley/contract'
import type { Bundle } from '../bundles/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { agentTools } from './agent-tools.ts'
import { bundleOf, type Call, type GatewayTools } from './call.ts'
import { META, SUPPORTED_VERSIONS, type ListMethod } from './protocol.ts'
import { withExtension } from './tasks/tasks-extension.ts'
import type { Shown } from './list-cache.ts'
import { includesResource } from './resolve-target.ts'
import type { FoundTool } from './search-catalog.ts'
import { isPinned, searchSettings, searchTools, searches } from './tool-list.ts'
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

/** A merged list: what the hub itself adds, then definitions of the servers. */
export interface MergedList {
  readonly own: readonly JsonObject[]
  readonly shown: readonly Shown[]
}

/**
 * Approved definitions of all servers that the caller may use, named `server__name` or as their bundle names them, in a
 * stable order. Where tools are searched, the two that search stand for all that are not pinned.
 */
export function mergedList(
  tools: GatewayTools,
  { scope, principal }: Pick<Call, 'scope' | 'principal'>,
  { method, visibility }: { readonly method: ListMethod; readonly visibility: Visibility },
): MergedList {
  const entries = tools.registry.entries()
  const bundle = bundleOf(tools, scope)
  if (method === 'resources/list') return { own: uniqueResources(entries, { bundle, visibility }), shown: [] }
  const found: FoundTool[] = []
  for (const entry of entries) {
    for (const definition of entry.catalog[LISTED[method]].values())
      if (visibility.shows(entry, definition.kind as CapabilityKind, definition.name))
        found.push({ entry, definition })
  }
  const show = ({ entry, definition }: FoundTool): Shown => ({
    definition,
    name: definition.kind === 'template' ? '' : mergedName(bundle, entry, definition),
  })
  if (method !== 'tools/list') return { own: [], shown: found.map(show) }
  const settings = searchSettings(tools, scope)
  const ownTools = agentTools(tools, scope, principal)
  if (!searches(settings, found.length)) return { own: ownTools, shown: found.map(show) }
  const servers = [...new Set(found.map(({ entry }) => entry.name))]
  return {
    own: [...searchTools(bundle, servers, found.length), ...ownTools],
    shown: found.filter((tool) => isPinned(settings, tool)).map(show),
  }
}

const LISTED = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/templates/list': 'templates',
} as const

/** The same as plain items. */
export function mergedItems(...given: Parameters<typeof mergedList>): JsonObject[] {
  const { own, shown } = mergedList(...given)
  return [...own, ...shown.map(toItem)]
}

/** A template is known by its URI, and keeps its name. */
function toItem({ definition: { kind, body }, name }: Shown): JsonObject {
  return kind === 'template' ? body : { ...body, name }
}

/** A URI that two servers list belongs to the first by name; the other's is reached at its own endpoint. */
function uniqueResources(
  entries: readonly ServerEntry[],
  { bundle, visibility }: { readonly bundle: Bundle | undefined; readonly visibility: Visibility },
): JsonObject[] {
  const seen = new Set<string>()
  const shown: JsonObject[] = []
  for (const entry of entries) {
    for (const [uri, resource] of entry.catalog.resources) {
      // The first owner is who a read would reach, whether the caller may see it or not.
      if (seen.has(uri) || (bundle && !includesResource(bundle, entry, uri))) continue
      seen.add(uri)
      if (visibility.shows(entry, 'resource', uri)) shown.push(resource)
    }
  }
  return shown
}

/** `server__name`, or what the bundle calls the tool. */
export function mergedName(
  bundle: Bundle | undefined,
  { name: owner }: Pick<ServerEntry, 'name'>,
  { kind, name }: { readonly kind: string; readonly name: string },
): string {
  const alias = kind === 'tool' ? bundle?.aliasOf(capabilityName({ kind, owner, name })) : undefined
  return alias ?? owner + MERGED_NAME_SEPARATOR + name
}

/** What an endpoint of several servers says of itself, to either era. */
export function mergedInfo(bundle: Bundle | undefined): JsonObject {
  if (!bundle) return { serverInfo: HUB_INFO }
  const { title, description } = bundle.terms
  return {
    serverInfo: { ...HUB_INFO, title: title ?? bundle.name },
    ...(description !== undefined && { instructions: description }),
  }
}

export function mergedDiscover(bundle: Bundle | undefined): JsonObject {
  const { serverInfo, ...rest } = mergedInfo(bundle)
  return {
    resultType: 'complete',
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities: withExtension(MERGED_CAPABILITIES),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [META.serverInfo]: serverInfo },
    ...rest,
  }
}
