import { createHash } from 'node:crypto'
import type { Random } from '../lib/random.ts'
import type { ClientRegistration } from './client-registration.ts'
import type { AuthorizationServer } from './find-authorization-server.ts'

/** What has to be remembered between the person's way out and their way back; `verifier` and `state` are secrets. */
export interface Authorization {
  readonly state: string
  readonly verifier: string
  readonly server: AuthorizationServer
  readonly client: ClientRegistration
  readonly resource: string
  /** As asked for. */
  readonly scope: string | undefined
}

const SECRET_BYTES = 32

export function startAuthorization(
  asked: Pick<Authorization, 'server' | 'client' | 'resource' | 'scope'>,
  random: Random,
): Authorization {
  if (asked.client.issuer !== asked.server.issuer) throw new Error('a client of another authorization server')
  return { ...asked, state: secret(random), verifier: secret(random) }
}

/** Where the person goes (OAuth 2.1 §4.1.1, with PKCE S256, RFC 8707 and a state). */
export function authorizationUrl({ server, client, ...own }: Authorization): string {
  const url = new URL(server.authorizationEndpoint)
  const query = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code_challenge: createHash('sha256').update(own.verifier).digest('base64url'),
    code_challenge_method: 'S256',
    // MCP, Resource Parameter Implementation: whether or not the authorization server knows it.
    resource: own.resource,
    state: own.state,
    ...(own.scope !== undefined && { scope: own.scope }),
    // OpenID Connect Core §11: without it offline_access is ignored.
    ...(own.scope?.split(' ').includes('offline_access') && { prompt: 'consent' }),
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

function secret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
}
