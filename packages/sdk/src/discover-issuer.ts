import { fetchJson } from './fetch-json.ts'

/** What guards and agents need of the metadata of an authorization server (RFC 8414 §2). */
export interface IssuerMetadata {
  readonly jwksUri: string
  readonly tokenEndpoint?: string
  /** Parley's own: where what was revoked is told. */
  readonly revocationFeed?: string
}

/**
 * Finds the metadata of an issuer in the order of MCP: RFC 8414, then OpenID Connect with the path behind and before the
 * well-known part. Throws when no document names this very issuer.
 */
export async function discoverIssuer(
  fetch: typeof globalThis.fetch,
  issuer: string,
): Promise<IssuerMetadata> {
  const failures: string[] = []
  for (const url of wellKnownUrls(issuer)) {
    try {
      return readMetadata(await fetchJson(fetch, url), issuer)
    } catch (error) {
      failures.push(`${url}: ${error instanceof Error ? error.message : 'failed'}`)
    }
  }
  throw new Error(`The issuer ${issuer} has no metadata that could be used.\n${failures.join('\n')}`)
}

function wellKnownUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
  return [...new Set(urls)]
}

function readMetadata(document: Readonly<Record<string, unknown>>, issuer: string): IssuerMetadata {
  // RFC 8414 §3.3: identical, or someone else's document.
  if (document['issuer'] !== issuer) throw new Error(`names another issuer: ${String(document['issuer'])}`)
  const { jwks_uri: jwksUri, parley_revocation_feed: feed, token_endpoint: tokenEndpoint } = document
  if (!isAsSafeAs(issuer, jwksUri)) throw new Error('has no jwks_uri that could be used')
  if (feed !== undefined && !isAsSafeAs(issuer, feed))
    throw new Error('has no parley_revocation_feed that could be used')
  return {
    jwksUri,
    ...(isAsSafeAs(issuer, tokenEndpoint) && { tokenEndpoint }),
    ...(feed !== undefined && { revocationFeed: feed }),
  }
}

/** Plain http will only do where the issuer itself is reached so. */
function isAsSafeAs(issuer: string, url: unknown): url is string {
  if (typeof url !== 'string') return false
  const { protocol } = URL.parse(url) ?? {}
  return protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:'))
}
