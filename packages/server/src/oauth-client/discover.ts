import { ParleyError } from '@parley/contract'
import type { BearerChallenge } from './read-bearer-challenge.ts'
import { findAuthorizationServer, type AuthorizationServer } from './find-authorization-server.ts'
import { findResourceMetadata, type ResourceMetadata } from './find-resource-metadata.ts'
import type { OAuthHttp } from './oauth-http.ts'

/** Who issues tokens for a server, and what for. */
export interface Discovery {
  readonly resource: ResourceMetadata
  readonly server: AuthorizationServer
}

export interface DiscoverOptions {
  readonly serverUrl: string
  readonly challenge: BearerChallenge | undefined
  /** Where several authorization servers are named, one that the hub is known to already. */
  readonly prefers?: (issuer: string) => boolean
}

/** From a server that wants a token to its authorization server. */
export async function discover(http: OAuthHttp, options: DiscoverOptions): Promise<Discovery> {
  const { serverUrl, challenge, prefers } = options
  const found = await findResourceMetadata(http, serverUrl, challenge?.resourceMetadata)
  const resource = found ?? beforeResourceMetadata(serverUrl)
  const issuer = resource.issuers.find((one) => prefers?.(one)) ?? resource.issuers[0]!
  try {
    return { resource, server: await findAuthorizationServer(http, issuer) }
  } catch (error) {
    if (found || !(error instanceof ParleyError) || error.code !== 'upstream_invalid') throw error
    throw new ParleyError(
      'upstream_invalid',
      'The server wants a token and does not say who issues it (no protected resource metadata, RFC 9728). If it takes a key instead, an administrator can enter that.',
      { cause: error },
    )
  }
}

/** MCP 2025-03-26, Authorization Base URL: the server's own origin was its authorization server. */
function beforeResourceMetadata(serverUrl: string): ResourceMetadata {
  const { origin } = new URL(serverUrl)
  return { resource: serverUrl, issuers: [origin], scopes: undefined }
}
