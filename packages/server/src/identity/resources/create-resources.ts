import { OWNER_NAME, parseCapabilityName, type CapabilityName } from '@parley/contract'
import type { Resource, Resources } from './resource.ts'

/** A resource server elsewhere, registered by an administrator. */
export interface OutsideResource {
  readonly resource: string
  readonly name: string
  readonly scopes: Readonly<Record<string, string>>
}

/** A bundle as consent tells of it, and what it includes. */
export type FindBundle = (name: string) => OfferedBundle | undefined

export interface OfferedBundle {
  readonly title: string
  /** Names of the servers that it is made of. */
  readonly servers: readonly string[]
  includes(capability: CapabilityName): boolean
}

export interface ResourceSources {
  /** The hub's public origin. */
  readonly origin: string
  /** Whether the hub is a gateway, or an authorization server alone. */
  readonly hasGateway: boolean
  readonly hasServer: (name: string) => boolean
  readonly hasAgent: (name: string) => boolean
  readonly findBundle: FindBundle
  /** By the canonical form of its identifier. */
  readonly findOutside: (canonical: string) => OutsideResource | undefined
}

const MCP_SCOPES = { mcp: 'Use what you allow below' }
const A2A_SCOPES = { a2a: 'Ask the agents that you allow below' }
const API_SCOPES = {
  'hub:read': 'See what your role may see: servers, apps, people, activity',
  'hub:manage': 'Change what your role may change',
}
const MAX_IDENTIFIER_LENGTH = 2048

export function createResources(sources: ResourceSources): Resources {
  const { origin, hasGateway } = sources
  const mcp = mcpResource(`${origin}/mcp`, undefined)
  const a2a = a2aResource(`${origin}/a2a`, undefined)
  const api = apiResource(`${origin}/api`)

  function find(identifier: string): Resource | undefined {
    const canonical = canonicalize(identifier)
    if (canonical === undefined) return undefined
    if (canonical === api.identifier) return api
    if (hasGateway) {
      if (canonical === mcp.identifier) return mcp
      if (canonical === a2a.identifier) return a2a
      const agent = nameBelow(canonical, `${a2a.identifier}/agents/`)
      if (agent !== undefined && sources.hasAgent(agent)) return a2aResource(canonical, agent)
      const server = nameBelow(canonical, `${mcp.identifier}/servers/`)
      if (server !== undefined && sources.hasServer(server)) return mcpResource(canonical, server)
      const name = nameBelow(canonical, `${mcp.identifier}/bundles/`)
      const bundle = name === undefined ? undefined : sources.findBundle(name)
      if (bundle) return bundleResource(canonical, name!, bundle)
    }
    const outside = sources.findOutside(canonical)
    return outside && outsideResource(outside)
  }

  function presume(identifier: string): Resource | undefined {
    const canonical = canonicalize(identifier)
    if (canonical === undefined || [mcp, a2a, api].some((known) => known.identifier === canonical))
      return find(identifier)
    if (hasGateway) {
      const server = nameBelow(canonical, `${mcp.identifier}/servers/`)
      if (server !== undefined) return mcpResource(canonical, server)
      const agent = nameBelow(canonical, `${a2a.identifier}/agents/`)
      if (agent !== undefined) return a2aResource(canonical, agent)
      const bundle = nameBelow(canonical, `${mcp.identifier}/bundles/`)
      if (bundle !== undefined) return presumedResource(mcpResource(canonical, undefined))
    }
    return presumedResource(
      find(identifier) ?? outsideResource({ resource: canonical, name: '', scopes: {} }),
    )
  }

  return { find, presume, fallback: hasGateway ? mcp : api }
}

/**
 * Scheme and host in lower case, no trailing slash (MCP authorization, Canonical Server URI). Undefined for what is no
 * absolute http(s) URI, or has user information or a fragment (RFC 8707 §2).
 */
export function canonicalize(identifier: string): string | undefined {
  if (identifier.length > MAX_IDENTIFIER_LENGTH || identifier.includes('#')) return undefined
  const url = URL.parse(identifier)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  if (url.username !== '' || url.password !== '') return undefined
  return url.search === '' ? url.href.replace(/\/+$/, '') : url.href
}

function nameBelow(canonical: string, prefix: string): string | undefined {
  const name = canonical.startsWith(prefix) ? canonical.slice(prefix.length) : undefined
  return name !== undefined && OWNER_NAME.test(name) ? name : undefined
}

function mcpResource(identifier: string, server: string | undefined): Resource {
  return {
    identifier,
    kind: 'mcp',
    wholeScope: 'mcp',
    name: server === undefined ? 'all MCP servers of this hub' : `the MCP server ${server}`,
    ...(server === undefined ? {} : { server }),
    defaultScopes: ['mcp'],
    scopes: MCP_SCOPES,
    hasScope(scope) {
      if (scope === 'mcp') return true
      const capability = parseCapabilityName(scope)
      return capability !== undefined && (server === undefined || capability.owner === server)
    },
  }
}

function a2aResource(identifier: string, agent: string | undefined): Resource {
  return {
    identifier,
    kind: 'a2a',
    wholeScope: 'a2a',
    name: agent === undefined ? 'all agents of this hub' : `the agent ${agent}`,
    ...(agent === undefined ? {} : { server: agent }),
    defaultScopes: ['a2a'],
    scopes: A2A_SCOPES,
    hasScope(scope) {
      if (scope === 'a2a') return true
      const capability = parseCapabilityName(scope)
      return capability?.kind === 'skill' && (agent === undefined || capability.owner === agent)
    },
  }
}

function bundleResource(identifier: string, name: string, bundle: OfferedBundle): Resource {
  const of = bundle.servers.length > 0 ? ` (of ${bundle.servers.join(', ')})` : ''
  return {
    ...mcpResource(identifier, undefined),
    name: `the bundle ${bundle.title}${of}`,
    bundle: name,
    hasScope: (scope) =>
      scope === 'mcp' ||
      (parseCapabilityName(scope) !== undefined && bundle.includes(scope as CapabilityName)),
  }
}

function apiResource(identifier: string): Resource {
  return {
    identifier,
    kind: 'api',
    name: 'the management of this hub',
    defaultScopes: ['hub:read'],
    scopes: API_SCOPES,
    hasScope: (scope) => Object.hasOwn(API_SCOPES, scope),
  }
}

/** Which scopes it has would tell whether it is there. */
function presumedResource(resource: Resource): Resource {
  return { ...resource, hasScope: () => true }
}

function outsideResource({ resource, name, scopes }: OutsideResource): Resource {
  return {
    identifier: resource,
    kind: 'outside',
    name,
    defaultScopes: Object.keys(scopes).slice(0, 1),
    scopes,
    hasScope: (scope) => Object.hasOwn(scopes, scope),
  }
}
