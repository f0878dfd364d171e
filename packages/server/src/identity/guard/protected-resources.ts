import { OWNER_NAME, OWNER_NAME_MAX_LENGTH } from '@parley/contract'
import { ParleyError } from '@parley/contract'
import { sendJson, sendProblem, type RawHandler } from '../../http/index.ts'

/** A part of the hub that takes tokens of its own audience (RFC 8707). */
export interface ProtectedResource {
  /** Without a slash at the end: `/mcp`, `/mcp/servers/files`, `/mcp/bundles/support`, `/a2a/agents/weather`, `/api`. */
  readonly path: string
  readonly name: string
  readonly scopes: readonly string[]
}

export const METADATA_PATH = '/.well-known/oauth-protected-resource'

const PREFIXES = ['/mcp/servers/', '/mcp/bundles/', '/a2a/agents/']

/**
 * The resource at a path; undefined where there can be none. Any name that a server or bundle could have is one, so
 * that nobody learns here which there are.
 */
export function protectedResource(path: string): ProtectedResource | undefined {
  if (path === '/mcp') return { path, name: 'Parley', scopes: ['mcp'] }
  if (path === '/a2a') return { path, name: 'Agents at Parley', scopes: ['a2a'] }
  if (path === '/api') return { path, name: 'Parley management', scopes: ['hub:read', 'hub:manage'] }
  const prefix = PREFIXES.find((start) => path.startsWith(start))
  if (prefix === undefined) return undefined
  const name = path.slice(prefix.length)
  if (name.length > OWNER_NAME_MAX_LENGTH || !OWNER_NAME.test(name)) return undefined
  return { path, name: `${name} at Parley`, scopes: [prefix === '/a2a/agents/' ? 'a2a' : 'mcp'] }
}

/**
 * Protected resource metadata (RFC 9728 §3): the path form for each resource, and at the root that of `/mcp`, where
 * clients ask when they have nothing else.
 */
export function createMetadataHandler(origin: () => string): RawHandler {
  return function serveMetadata(request, response, path) {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendProblem(response, new ParleyError('method_not_allowed', 'Use GET here.'), ['allow', 'GET'])
    const suffix = path.slice(METADATA_PATH.length).replace(/\/$/, '')
    const resource = path.startsWith(METADATA_PATH) && protectedResource(suffix === '' ? '/mcp' : suffix)
    if (!resource) return sendProblem(response, new ParleyError('not_found', 'There is no such resource.'))
    const body = {
      resource: origin() + resource.path,
      authorization_servers: [origin()],
      scopes_supported: resource.scopes,
      // RFC 6750 §2.1 alone: never in a body, never in the address.
      bearer_methods_supported: ['header'],
      resource_name: resource.name,
    }
    sendJson(response, 200, JSON.stringify(body), ['access-control-allow-origin', '*'])
  }
}
