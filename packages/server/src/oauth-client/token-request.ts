import { ParleyError } from '@parley/contract'
import type { ClientRegistration } from './client-registration.ts'
import type { AuthorizationServer } from './find-authorization-server.ts'
import type { OAuthHttp } from './oauth-http.ts'
import { readOAuthError } from './read-oauth-error.ts'
import { isScope } from './scopes.ts'

/** What was issued. All of it is secret but the scope and the time. */
export interface Tokens {
  readonly accessToken: string
  /** Never taken for granted (MCP, Refresh Tokens). */
  readonly refreshToken: string | undefined
  /** Milliseconds since the epoch; undefined when the authorization server does not say. */
  readonly expiresAt: number | undefined
  readonly scope: string | undefined
}

export type TokenOutcome =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  /** For good: `invalid_grant` ends the authorization, `invalid_client` the registration. */
  | { readonly kind: 'refused'; readonly error: string }

export interface TokenPeers {
  readonly http: OAuthHttp
  readonly server: AuthorizationServer
  readonly client: ClientRegistration
  readonly now: number
}

const TOKEN = /^[\x21-\x7e]{1,16384}$/
const MAX_LIFETIME_SECONDS = 10 * 365 * 86_400

/**
 * A request to the token endpoint (OAuth 2.1 §3.2), by the client that this very authorization server knows.
 * @throws ParleyError `upstream_unavailable` when asking again later may help, `upstream_invalid` when the answer is none.
 */
export async function requestTokens(
  { http, server, client, now }: TokenPeers,
  grant: Readonly<Record<string, string | undefined>>,
): Promise<TokenOutcome> {
  if (client.issuer !== server.issuer) throw new Error('a client of another authorization server')
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(grant)) if (value !== undefined) body.set(name, value)
  const headers = authenticate(client, body)
  const { status, json } = await http.post(server.tokenEndpoint, { headers, body: body.toString() })
  if (status === 200 && json) return { kind: 'tokens', tokens: readTokens(json, server.issuer, now) }
  const error = readOAuthError(json)
  const isFinal = (status === 400 || status === 401 || status === 403) && error !== 'temporarily_unavailable'
  if (isFinal && error !== undefined) return { kind: 'refused', error }
  throw new ParleyError(
    'upstream_unavailable',
    `The authorization server ${server.issuer} answered with HTTP ${status}. Try again later.`,
  )
}

/** How the client proves itself (OAuth 2.1 §2.4). */
function authenticate(client: ClientRegistration, body: URLSearchParams): Record<string, string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  if (client.method === 'client_secret_basic') {
    const pair = `${formEncode(client.clientId)}:${formEncode(client.secret ?? '')}`
    return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }
  body.set('client_id', client.clientId)
  if (client.method === 'client_secret_post') body.set('client_secret', client.secret ?? '')
  return headers
}

/** RFC 6749 §2.3.1: application/x-www-form-urlencoded, which leaves the hyphens of most client_ids as they are. */
function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

function readTokens(json: Readonly<Record<string, unknown>>, issuer: string, now: number): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken, token_type: type, scope } = json
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer'
  if (
    !isBearer ||
    !isToken(accessToken) ||
    !(refreshToken === undefined || refreshToken === null || isToken(refreshToken))
  )
    throw new ParleyError(
      'upstream_invalid',
      `The authorization server ${issuer} answered without a usable token.`,
    )
  const seconds = Number(json['expires_in'] ?? NaN)
  return {
    accessToken,
    refreshToken: refreshToken ?? undefined,
    expiresAt: seconds > 0 ? now + Math.min(seconds, MAX_LIFETIME_SECONDS) * 1000 : undefined,
    scope: typeof scope === 'string' && isScope(scope) ? scope : undefined,
  }
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value)
}
