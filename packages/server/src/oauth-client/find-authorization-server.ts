import { ParleyError } from '@parley/contract'
import type { OAuthHttp } from './oauth-http.ts'

/** Metadata of an authorization server (RFC 8414 §2), as far as a client needs it. */
export interface AuthorizationServer {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly registrationEndpoint: string | undefined
  readonly revocationEndpoint: string | undefined
  readonly takesClientDocuments: boolean
  /** RFC 9207 §3: every authorization response names its issuer. */
  readonly sendsIssuer: boolean
  /** Undefined where it says nothing, which means client_secret_basic. */
  readonly authMethods: readonly string[] | undefined
  readonly scopes: readonly string[] | undefined
}

/**
 * Finds the metadata of an issuer (MCP, Authorization Server Metadata Discovery): three addresses in order, and only a
 * document that names this very issuer counts.
 * @throws ParleyError `upstream_invalid` when none does, or when it lacks what MCP demands.
 */
export async function findAuthorizationServer(http: OAuthHttp, issuer: string): Promise<AuthorizationServer> {
  if (!http.admits(issuer) || issuer.includes('?')) {
    throw new ParleyError(
      'egress_refused',
      'The authorization server of this server cannot be used. If it is not on the public internet, an administrator names its host in connections.authorizationServerHosts.',
      { detail: `issuer ${issuer.slice(0, 200)}` },
    )
  }
  const failures: string[] = []
  for (const url of wellKnownUrls(issuer)) {
    const { status, json } = await http.get(url)
    if (status !== 200 || !json) failures.push(`${url}: status ${status}, no JSON object`)
    // RFC 8414 §3.3: identical, compared as strings, or somebody else's document.
    else if (json['issuer'] !== issuer)
      failures.push(`${url}: issuer ${String(json['issuer']).slice(0, 200)}`)
    else return readMetadata(http, json, issuer)
  }
  throw invalid(issuer, 'it has no metadata that names it as issuer', failures.join('; '))
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

function readMetadata(
  http: OAuthHttp,
  json: Readonly<Record<string, unknown>>,
  issuer: string,
): AuthorizationServer {
  const endpoint = (name: string): string | undefined => {
    const url = json[name]
    if (url === undefined) return undefined
    if (typeof url !== 'string' || !http.admits(url))
      throw invalid(issuer, `its ${name} is no address that can be used`, String(url).slice(0, 200))
    return url
  }
  // MCP, Authorization Code Protection: without the list there is no PKCE, and without PKCE no authorization.
  if (!texts(json['code_challenge_methods_supported'])?.includes('S256'))
    throw invalid(issuer, 'it does not offer PKCE with S256', 'code_challenge_methods_supported')
  const authorizationEndpoint = endpoint('authorization_endpoint')
  const tokenEndpoint = endpoint('token_endpoint')
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined)
    throw invalid(issuer, 'it names no authorization_endpoint and token_endpoint', 'missing')
  return {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    registrationEndpoint: endpoint('registration_endpoint'),
    revocationEndpoint: endpoint('revocation_endpoint'),
    takesClientDocuments: json['client_id_metadata_document_supported'] === true,
    sendsIssuer: json['authorization_response_iss_parameter_supported'] === true,
    authMethods: texts(json['token_endpoint_auth_methods_supported']),
    scopes: texts(json['scopes_supported']),
  }
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}

function invalid(issuer: string, what: string, detail: string): ParleyError {
  return new ParleyError(
    'upstream_invalid',
    `The authorization server ${issuer.slice(0, 200)} cannot be used: ${what}.`,
    { detail },
  )
}
