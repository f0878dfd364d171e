import { ParleyError } from '@parley/contract'
import type { ClientAuthMethod, ClientRegistration } from './client-registration.ts'
import type { AuthorizationServer } from './find-authorization-server.ts'
import { clientMetadata } from './client-metadata.ts'
import { readOAuthError } from './read-oauth-error.ts'
import type { OAuthHttp } from './oauth-http.ts'

const MAX_ID_LENGTH = 2048
const METHODS: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post']

/**
 * Registers the hub (RFC 7591). A server that refuses our redirect URI for the kind of app that we say we are is asked once
 * more as the other kind (MCP, Application Type and Redirect URI Constraints).
 */
export async function registerClient(
  http: OAuthHttp,
  server: AuthorizationServer,
  redirectUri: string,
): Promise<ClientRegistration> {
  const own = isLocal(redirectUri) ? 'native' : 'web'
  const first = await attempt(http, server, { redirectUri, applicationType: own })
  if (first.kind === 'registered') return first.client
  const other = own === 'web' ? 'native' : 'web'
  const second = first.isAboutRedirect
    ? await attempt(http, server, { redirectUri, applicationType: other })
    : first
  if (second.kind === 'registered') return second.client
  throw new ParleyError(
    'upstream_unavailable',
    `The authorization server ${server.issuer} refused to register Parley (${first.error}) with the redirect URI ${redirectUri}. An administrator can register it there by hand and enter the client_id.`,
  )
}

type Attempt =
  | { readonly kind: 'registered'; readonly client: ClientRegistration }
  | { readonly kind: 'refused'; readonly error: string; readonly isAboutRedirect: boolean }

async function attempt(
  http: OAuthHttp,
  server: AuthorizationServer,
  wish: { redirectUri: string; applicationType: 'native' | 'web' },
): Promise<Attempt> {
  const wanted = wishedMethod(server.authMethods)
  const { status, json } = await http.post(server.registrationEndpoint!, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...clientMetadata(wish.redirectUri),
      application_type: wish.applicationType,
      token_endpoint_auth_method: wanted,
    }),
  })
  if ((status !== 201 && status !== 200) || !json) {
    const error = readOAuthError(json) ?? `HTTP ${status}`
    const isAboutRedirect = error === 'invalid_redirect_uri' || error === 'invalid_client_metadata'
    return { kind: 'refused', error, isAboutRedirect }
  }
  return {
    kind: 'registered',
    client: readRegistration(json, { server, wanted, redirectUri: wish.redirectUri }),
  }
}

function readRegistration(
  json: Readonly<Record<string, unknown>>,
  asked: { server: AuthorizationServer; wanted: ClientAuthMethod; redirectUri: string },
): ClientRegistration {
  const { client_id: clientId, client_secret: secret, client_secret_expires_at: expires } = json
  const said = json['token_endpoint_auth_method'] ?? asked.wanted
  const isGood =
    typeof clientId === 'string' &&
    clientId !== '' &&
    clientId.length <= MAX_ID_LENGTH &&
    (secret === undefined ||
      secret === null ||
      (typeof secret === 'string' && secret.length <= MAX_ID_LENGTH)) &&
    METHODS.includes(String(said))
  if (!isGood || (said !== 'none' && typeof secret !== 'string')) {
    throw new ParleyError(
      'upstream_invalid',
      `The authorization server ${asked.server.issuer} answered the registration with something that cannot be used.`,
    )
  }
  return {
    issuer: asked.server.issuer,
    kind: 'registered',
    clientId,
    secret: said === 'none' || typeof secret !== 'string' ? undefined : secret,
    method: said as ClientAuthMethod,
    redirectUri: asked.redirectUri,
    // RFC 7591 §3.2.1: seconds, 0 for never.
    secretExpiresAt: typeof expires === 'number' && expires > 0 ? expires * 1000 : undefined,
  }
}

/** A client with a secret where it can have one: the hub keeps it sealed. */
function wishedMethod(offered: readonly string[] | undefined): ClientAuthMethod {
  if (offered === undefined || offered.includes('client_secret_basic')) return 'client_secret_basic'
  return offered.includes('client_secret_post') ? 'client_secret_post' : 'none'
}

/** OpenID Connect Registration §2: native apps are those that answer on this computer. */
function isLocal(redirectUri: string): boolean {
  const { protocol, hostname } = new URL(redirectUri)
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
