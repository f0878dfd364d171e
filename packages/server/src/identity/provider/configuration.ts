import { parleyCapabilityDetail, type PersonId } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { PeopleDirectory } from '../../people/index.ts'
import { REFRESH_TOKEN_SECONDS } from '../grant-types/refresh-token-grant.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Resources } from '../resources/resource.ts'
import type { Adapter } from './adapter.ts'
import { accessTokenClaims, setAccessTokenId } from './access-token-claims.ts'
import { errors, type ProviderError } from './library.ts'
import { createPolicy } from './interaction-policy.ts'
import { ACCESS_TOKEN_SECONDS } from './token-families.ts'
import type { ProviderContext, SourceModel } from './types.ts'

export interface ConfigurationTools {
  readonly issuer: string
  readonly keys: SigningKeys
  readonly clock: Clock
  readonly adapter: (model: string) => Adapter
  readonly people: Pick<PeopleDirectory, 'find'>
  readonly resources: Resources
  readonly renderError: (context: ProviderContext, out: object, error: ProviderError) => Promise<void>
  /** Members of the discovery documents that the provider does not know of. */
  readonly discovery: Readonly<Record<string, unknown>>
}

export const PATHS = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  jwks: '/oauth/jwks',
  pushed_authorization_request: '/oauth/par',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  registration: '/oauth/register',
  end_session: '/oauth/end-session',
} as const

/** How long a person may take from the app's request to the decision. */
export const INTERACTION_SECONDS = 30 * 60
const CODE_SECONDS = 60

/** What oidc-provider is told; everything that is not named here is its default. */
export function createConfiguration(tools: ConfigurationTools): object {
  const { issuer, people, resources } = tools
  const isHttps = issuer.startsWith('https:')
  return {
    adapter: tools.adapter,
    jwks: { keys: [privateJwk(tools.keys)] },
    routes: PATHS,
    // OAuth 2.1 §4.1: no implicit grant, nothing but a code on the front channel.
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'], acr: null, auth_time: null, sid: null },
    conformIdTokenClaims: false,
    acrValues: ['urn:parley:1fa', 'urn:parley:2fa', 'urn:parley:passkey'],
    // RFC 9470 asks for these without OpenID Connect; the provider lets them through with `openid` alone.
    extraParams: ['parley_acr_values', 'parley_max_age'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'none' },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
    },
    // RFC 6749 §3.1.2.3: a registered redirect URI may not be left out.
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 60,
    cookies: {
      names: {
        session: `${isHttps ? '__Secure-' : ''}parley_as`,
        interaction: `${isHttps ? '__Secure-' : ''}parley_interaction`,
        resume: `${isHttps ? '__Secure-' : ''}parley_resume`,
      },
      short: { httpOnly: true, sameSite: 'lax', secure: isHttps },
      long: { httpOnly: true, sameSite: 'lax', secure: isHttps },
    },
    // Who may read an answer from a page elsewhere was decided before, by its Origin.
    clientBasedCORS: () => true,
    discovery: tools.discovery,
    features: features(tools),
    interactions: {
      policy: createPolicy(),
      url: (_context: ProviderContext, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    async findAccount(_context: ProviderContext, id: string) {
      const person = people.find(id as PersonId)
      if (!person || person.state !== 'active') return undefined
      return {
        accountId: id,
        claims: async () => ({ sub: id, name: person.name, email: person.email }),
      }
    },
    async loadExistingGrant(context: ProviderContext) {
      const { result, session, provider } = context.oidc
      if (!result?.consent) return undefined
      // What is issued carries the person's browser session, so that ending it can be told to guards.
      session.uid = result.parley?.session ?? session.uid
      return provider.Grant.find(result.consent.grantId)
    },
    expiresWithSession: async () => false,
    /**
     * MCP leaves it to the server who gets a refresh token. Whoever registered for it does: the person said how long, and
     * without one an app would have to ask again every ten minutes.
     */
    issueRefreshToken: async (
      _context: ProviderContext,
      client: { grantTypeAllowed(type: string): boolean },
    ) => client.grantTypeAllowed('refresh_token'),
    revokeGrantPolicy: () => false,
    extraTokenClaims: accessTokenClaims,
    formats: { customizers: { jwt: setAccessTokenId } },
    renderError: tools.renderError,
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Grant: REFRESH_TOKEN_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      RefreshToken: (context: ProviderContext) => refreshSeconds(context, tools.clock),
      Session: INTERACTION_SECONDS,
    },
  }

  function features({ keys }: ConfigurationTools): object {
    return {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: false },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => resources.fallback.identifier,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (context: ProviderContext, identifier: string) =>
          describeResource(context, identifier, { resources, keys }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { parley_capability: { validate: checkDetail } },
        authorizationDetailsForGrantSource: requestedDetails,
        authorizationDetailsForAccessToken: (_: unknown, __: unknown, source?: { rar?: unknown }) =>
          source?.rar,
        authorizationDetailsForIntrospection: (_: unknown, token: { rar?: unknown }) => token.rar,
      },
    }
  }
}

/** The current key in the form that the provider takes. */
export function privateJwk(keys: SigningKeys): object {
  const { kid, privateKey } = keys.current()
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }
}

/** A client may only ask about, and take back, what was issued to it (RFC 7662 §4, RFC 7009 §2.1). */
async function isOwnToken(_context: unknown, client: { clientId: string }, token: { clientId: string }) {
  return client.clientId === token.clientId
}

function describeResource(
  context: ProviderContext,
  identifier: string,
  { resources, keys }: { resources: Resources; keys: SigningKeys },
): object {
  const resource = resources.find(identifier)
  if (!resource || resource.identifier !== identifier)
    throw new errors.InvalidTarget('the resource is unknown')
  const { params, entities } = context.oidc
  const sources: (SourceModel | undefined)[] = [entities.AuthorizationCode, entities.RefreshToken]
  const asked = [params['scope'], ...sources.map((source) => source?.scope)]
    .filter((scope) => typeof scope === 'string')
    .flatMap((scope) => scope.split(' '))
  return {
    scope: [...new Set(asked)].filter((scope) => resource.hasScope(scope)).join(' '),
    audience: identifier,
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256', kid: keys.current().kid } },
  }
}

function checkDetail(_context: unknown, detail: unknown): void {
  const read = parleyCapabilityDetail.safeParse(detail)
  if (read.success) return
  const [issue] = read.error.issues
  throw new errors.InvalidAuthorizationDetails(
    `authorization_details: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'not understood'}`,
  )
}

function requestedDetails(context: ProviderContext): unknown {
  const text = context.oidc.params['authorization_details']
  return typeof text === 'string' ? JSON.parse(text) : undefined
}

/** Thirty days, but no longer than the grant. */
function refreshSeconds(context: ProviderContext, clock: Clock): number {
  const grant = context.oidc.entities.Grant
  const left = grant ? grant.exp - Math.floor(clock.now() / 1000) : REFRESH_TOKEN_SECONDS
  return Math.max(1, Math.min(REFRESH_TOKEN_SECONDS, left))
}
