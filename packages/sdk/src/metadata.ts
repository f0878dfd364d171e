/** Protected resource metadata (RFC 9728 §2). */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly bearer_methods_supported: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly resource_name?: string
  readonly resource_documentation?: string
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * A resource identifier in its one spelling: scheme and host in lower case, no slash at the end. Undefined for what
 * cannot be one (RFC 8707 §2): not http or https, with a fragment, query or credentials.
 */
export function canonicalResource(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  if (/[#?]/.test(text) || url.username !== '' || url.password !== '') return undefined
  return url.href.replace(/\/$/, '')
}

/** Where the metadata of a resource is found (RFC 9728 §3.1), and the root form that clients ask for next. */
export function metadataPaths(resource: string): readonly string[] {
  const { pathname } = new URL(resource)
  return pathname === '/' ? [WELL_KNOWN] : [WELL_KNOWN + pathname, WELL_KNOWN]
}
