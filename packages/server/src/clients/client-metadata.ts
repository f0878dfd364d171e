import type { PublicJwks } from './rules/check-jwks.ts'

/** How a client proves itself at the token endpoint (RFC 7591 §2, OpenID Connect Core §9). */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** Client metadata as it was checked: members of RFC 7591 that Parley understands, in the specification's spelling. */
export interface ClientMetadata {
  readonly client_name: string
  readonly redirect_uris: readonly string[]
  /** `native`: the port of a loopback redirect may differ, and app schemes are allowed (RFC 8252 §7.3). */
  readonly application_type: 'web' | 'native'
  readonly token_endpoint_auth_method: ClientAuthMethod
  readonly grant_types: readonly string[]
  readonly response_types: readonly 'code'[]
  readonly client_uri?: string
  readonly logo_uri?: string
  readonly policy_uri?: string
  readonly tos_uri?: string
  readonly jwks?: PublicJwks
  readonly jwks_uri?: string
}
