import { ParleyError } from '@parley/contract'
import type { OAuthHttp } from './oauth-http.ts'
import { isScope } from './scopes.ts'

/** Protected Resource Metadata (RFC 9728), as far as a client needs it. */
export interface ResourceMetadata {
  /** What tokens are asked for (RFC 8707). */
  readonly resource: string
  /** Authorization servers by their issuer, in the resource's order. */
  readonly issuers: readonly string[]
  readonly scopes: readonly string[] | undefined
}

const MAX_ISSUERS = 10
const MAX_SCOPES = 200

/**
 * Finds out who issues tokens for a server: at the address of its challenge, else below the two well-known ones (MCP,
 * Protected Resource Metadata Discovery Requirements). Undefined when there is no document at all.
 * @throws ParleyError `upstream_invalid` for a document that must not be used.
 */
export async function findResourceMetadata(
  http: OAuthHttp,
  serverUrl: string,
  challenged: string | undefined,
): Promise<ResourceMetadata | undefined> {
  for (const url of [...(challenged === undefined ? [] : [challenged]), ...wellKnownUrls(serverUrl)]) {
    const { status, json } = await http.get(url)
    if (status === 200 && json) return readResourceMetadata(json, serverUrl)
  }
  return undefined
}

/** RFC 9728 §3.1: between host and path, the query behind; then at the root. */
function wellKnownUrls(serverUrl: string): readonly string[] {
  const { origin, pathname, search } = new URL(serverUrl)
  const root = `${origin}/.well-known/oauth-protected-resource`
  return [...new Set([`${root}${pathname === '/' ? '' : pathname}${search}`, root])]
}

function readResourceMetadata(json: Readonly<Record<string, unknown>>, serverUrl: string): ResourceMetadata {
  const { resource, authorization_servers: servers, scopes_supported: scopes } = json
  if (typeof resource !== 'string' || !isResourceOf(resource, serverUrl)) {
    // RFC 9728 §3.3: a document about another resource must not be used.
    throw invalid(
      'it says that its tokens are for another server',
      `resource ${String(resource).slice(0, 200)}`,
    )
  }
  const issuers = Array.isArray(servers) ? servers.filter((issuer) => typeof issuer === 'string') : []
  if (issuers.length === 0) throw invalid('it names no authorization server', 'authorization_servers')
  return {
    resource,
    issuers: issuers.slice(0, MAX_ISSUERS),
    scopes: Array.isArray(scopes)
      ? scopes.filter((scope) => typeof scope === 'string' && isScope(scope)).slice(0, MAX_SCOPES)
      : undefined,
  }
}

/** The server itself, or a path above it on the same origin, which a document at the root is about. */
function isResourceOf(resource: string, serverUrl: string): boolean {
  const named = URL.parse(resource)
  const server = new URL(serverUrl)
  if (!named || resource.includes('#') || named.origin !== server.origin) return false
  if (named.search !== '') return named.pathname === server.pathname && named.search === server.search
  const path = named.pathname.replace(/\/$/, '')
  return server.pathname === path || server.pathname.startsWith(`${path}/`)
}

function invalid(what: string, detail: string): ParleyError {
  return new ParleyError('upstream_invalid', `The server cannot be signed in to: ${what}.`, { detail })
}
