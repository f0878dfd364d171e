import type { ClientAuthMethod, ClientMetadata } from '../client-metadata.ts'
import { checkJwks } from './check-jwks.ts'
import { checkRedirectUris } from './check-redirect-uri.ts'
import type { RedirectKind } from './check-redirect-uri.ts'
import { checkWebUri } from './check-web-uri.ts'
import { isProblem, problem, redirectProblem } from './metadata-problem.ts'
import type { MetadataProblem } from './metadata-problem.ts'
import { readClientName } from './read-client-name.ts'

/** What differs between the ways a client may come in. */
export interface MetadataPolicy {
  readonly authMethods: readonly ClientAuthMethod[]
  /** What an absent `token_endpoint_auth_method` means. */
  readonly defaultAuthMethod: ClientAuthMethod
  readonly needsName: boolean
}

/** RFC 7591 §2 names `client_secret_basic` as the default. */
export const REGISTRATION_POLICY: MetadataPolicy = {
  authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  defaultAuthMethod: 'client_secret_basic',
  needsName: false,
}

/** A document everybody can read keeps no shared secret (draft-ietf-oauth-client-id-metadata-document, Credential Restrictions). */
export const DOCUMENT_POLICY: MetadataPolicy = {
  authMethods: ['none', 'private_key_jwt'],
  defaultAuthMethod: 'none',
  needsName: true,
}

/** An app acts for people and by itself for nobody. */
const APP_GRANT_TYPES = ['authorization_code', 'refresh_token']
const WEB_URIS = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const
const NAMELESS = 'Unnamed app'

/**
 * Reads the metadata of an app. What Parley does not understand is left out (RFC 7591 §2), grant and response types
 * that an app may not have are dropped (§3.2.1), and anything else that is wrong refuses the whole.
 */
export function readMetadata(
  input: Readonly<Record<string, unknown>>,
  policy: MetadataPolicy,
): ClientMetadata | MetadataProblem {
  const name = readClientName(input['client_name'])
  if (policy.needsName && name === undefined) return problem('client_name is missing.')
  const kinds = checkRedirectUris(input['redirect_uris'])
  if (isProblem(kinds)) return kinds
  const applicationType = readApplicationType(input['application_type'], kinds)
  if (isProblem(applicationType)) return applicationType
  const grantTypes = readTypes('grant_types', input['grant_types'], APP_GRANT_TYPES)
  if (isProblem(grantTypes)) return grantTypes
  const responseTypes = readTypes('response_types', input['response_types'], ['code'])
  if (isProblem(responseTypes)) return responseTypes
  const proof = readProof(input, policy)
  if (isProblem(proof)) return proof
  const uris = readWebUris(input)
  if (isProblem(uris)) return uris
  return {
    client_name: name ?? NAMELESS,
    redirect_uris: [...new Set(input['redirect_uris'] as string[])],
    application_type: applicationType,
    grant_types: grantTypes,
    response_types: ['code'],
    ...proof,
    ...uris,
  }
}

/**
 * MCP clients often leave `application_type` out and then use a free loopback port, which `web` would refuse; so one
 * that has a redirect on the machine itself counts as native.
 */
function readApplicationType(
  value: unknown,
  kinds: readonly RedirectKind[],
): 'web' | 'native' | MetadataProblem {
  if (value !== undefined && value !== 'web' && value !== 'native')
    return problem('application_type must be web or native.')
  const isLocal = kinds.some((kind) => kind === 'loopback' || kind === 'app')
  const type = value ?? (isLocal ? 'native' : 'web')
  if (type === 'web' && kinds.includes('app'))
    return redirectProblem('A redirect URI with a scheme of its own needs application_type native.')
  if (type === 'native' && kinds.includes('https-loopback'))
    return redirectProblem('A native app redirects to http on localhost, not https (RFC 8252 §7.3).')
  return type
}

/** The first allowed type is what absence means; a list without any allowed type asks for what apps cannot have. */
function readTypes(name: string, value: unknown, allowed: readonly string[]): string[] | MetadataProblem {
  if (value === undefined) return allowed.slice(0, 1)
  if (!Array.isArray(value) || value.length > 20 || value.some((type) => typeof type !== 'string'))
    return problem(`${name} must be a list of text.`)
  const kept = allowed.filter((type) => value.includes(type))
  if (!kept.includes(allowed[0]!)) return problem(`${name} must hold ${allowed[0]!}.`)
  return kept
}

function readProof(
  input: Readonly<Record<string, unknown>>,
  policy: MetadataPolicy,
): Pick<ClientMetadata, 'token_endpoint_auth_method' | 'jwks' | 'jwks_uri'> | MetadataProblem {
  const asked = input['token_endpoint_auth_method'] ?? policy.defaultAuthMethod
  const method = policy.authMethods.find((known) => known === asked)
  if (!method) return problem(`token_endpoint_auth_method must be one of: ${policy.authMethods.join(', ')}.`)
  if (input['jwks'] !== undefined && input['jwks_uri'] !== undefined)
    return problem('jwks and jwks_uri must not be used together (RFC 7591 §2).')
  if (input['jwks'] !== undefined) {
    const jwks = checkJwks(input['jwks'])
    return isProblem(jwks) ? jwks : { token_endpoint_auth_method: method, jwks }
  }
  if (input['jwks_uri'] !== undefined) {
    const uri = checkWebUri('jwks_uri', input['jwks_uri'])
    return isProblem(uri) ? uri : { token_endpoint_auth_method: method, jwks_uri: uri }
  }
  if (method === 'private_key_jwt') return problem('private_key_jwt needs jwks or jwks_uri.')
  return { token_endpoint_auth_method: method }
}

function readWebUris(
  input: Readonly<Record<string, unknown>>,
): Partial<Pick<ClientMetadata, (typeof WEB_URIS)[number]>> | MetadataProblem {
  const read: { [name in (typeof WEB_URIS)[number]]?: string } = {}
  for (const name of WEB_URIS) {
    if (input[name] === undefined || input[name] === '') continue
    const uri = checkWebUri(name, input[name])
    if (isProblem(uri)) return uri
    read[name] = uri
  }
  return read
}
