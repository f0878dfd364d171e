import type { PersonId } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { Clients } from '../../clients/index.ts'
import type { PeopleDirectory } from '../../people/index.ts'
import { REFRESH_TOKEN_SECONDS } from '../grant-types/refresh-token-grant.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Resources } from '../resources/resource.ts'
import { findAssertionFault } from '../workloads/prove-clients.ts'
import { accessTokenClaims, completeAccessToken } from './access-token-claims.ts'
import type { Adapter } from './adapter.ts'
import { createFeatures } from './features.ts'
import { createPolicy } from './interaction-policy.ts'
import { errors, type ProviderError } from './library.ts'
import { PATHS } from './paths.ts'
import { ACCESS_TOKEN_SECONDS } from './token-families.ts'
import type { ClientModel, ProviderContext } from './types.ts'

export interface ConfigurationTools {
  readonly issuer: string
  readonly keys: SigningKeys
  readonly clock: Clock
  readonly adapter: (model: string) => Adapter
  readonly people: Pick<PeopleDirectory, 'find'>
  readonly resources: Resources
  readonly clients: Pick<Clients, 'fetchKeys'>
  readonly renderError: (context: ProviderContext, out: object, error: ProviderError) => Promise<void>
  /** Members of the discovery documents that the provider does not know of. */
  readonly discovery: Readonly<Record<string, unknown>>
}

/** How long a person may take from the app's request to the decision. */
export const INTERACTION_SECONDS = 30 * 60
const CODE_SECONDS = 60

/** What oidc-provider is told; everything that is not named here is its default. */
export function createConfiguration(tools: ConfigurationTools): object {
  return {
    adapter: tools.adapter,
    jwks: { keys: [privateJwk(tools.keys)] },
    routes: PATHS,
    features: createFeatures(tools),
    discovery: tools.discovery,
    renderError: tools.renderError,
    // Who may read an answer from a page elsewhere was decided before, by its Origin.
    clientBasedCORS: () => true,
    // Longer than clocks of honest machines are apart.
    clockTolerance: 60,
    cookies: cookies(tools.issuer.startsWith('https:')),
    ...requests(),
    ...accounts(tools),
    ...tokens(tools.clock),
    ...clientProofs(tools),
  }
}

/** The current key in the form that the provider takes. */
export function privateJwk(keys: SigningKeys): object {
  const { kid, privateKey } = keys.current()
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }
}

function requests(): object {
  return {
    // OAuth 2.1 §4.1: no implicit grant, nothing but a code on the front channel.
    responseTypes: ['code'],
    // RFC 9470 asks for these without OpenID Connect; the provider lets them through with `openid` alone.
    extraParams: ['parley_acr_values', 'parley_max_age'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: {
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'none',
      authorization_details_types: ['parley_capability'],
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
    },
    // RFC 6749 §3.1.2.3: a registered redirect URI may not be left out.
    allowOmittingSingleRegisteredRedirectUri: false,
    interactions: {
      policy: createPolicy(),
      url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
  }
}

function clientProofs({ clients, clock }: ConfigurationTools): object {
  return {
    // The one thing that the provider fetches is a `jwks_uri`.
    fetch: (url: string) => clients.fetchKeys(url),
    async assertJwtClientAuthClaimsAndHeader(_: unknown, claims: Record<string, unknown>) {
      const fault = findAssertionFault(claims, clock.now())
      if (fault !== undefined) throw new errors.InvalidClientAuth(`client_assertion: ${fault}`)
    },
  }
}

function accounts({ people }: ConfigurationTools): object {
  return {
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub'],
      profile: ['name'],
      email: ['email'],
      acr: null,
      auth_time: null,
      sid: null,
    },
    conformIdTokenClaims: false,
    acrValues: ['urn:parley:2fa', 'urn:parley:passkey'],
    async findAccount(_: unknown, id: string) {
      const person = people.find(id as PersonId)
      if (!person || person.state !== 'active') return undefined
      return {
        accountId: id,
        claims: async () => ({ sub: id, name: person.name, email: person.email }),
      }
    },
    async loadExistingGrant({ oidc: { result, session, provider } }: ProviderContext) {
      if (!result?.consent) return undefined
      // What is issued carries the person's browser session, so that ending it can be told to guards.
      session.uid = result.parley?.session ?? session.uid
      return provider.Grant.find(result.consent.grantId)
    },
  }
}

function tokens(clock: Clock): object {
  return {
    expiresWithSession: async () => false,
    /**
     * MCP leaves it to the server who gets a refresh token. Whoever registered for it does: the person said how long, and
     * without one an app would have to ask again every ten minutes.
     */
    issueRefreshToken: async (_: unknown, client: ClientModel) => client.grantTypeAllowed('refresh_token'),
    revokeGrantPolicy: () => false,
    extraTokenClaims: accessTokenClaims,
    formats: { customizers: { jwt: completeAccessToken(clock) } },
    ttl: {
      // Guards elsewhere know nothing of a grant's end, so that no token may outlive it.
      AccessToken: (context: ProviderContext) => secondsOf(context, clock, ACCESS_TOKEN_SECONDS),
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Grant: REFRESH_TOKEN_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      RefreshToken: (context: ProviderContext) => secondsOf(context, clock, REFRESH_TOKEN_SECONDS),
      Session: INTERACTION_SECONDS,
    },
  }
}

/** At most so many, but no longer than the grant. */
function secondsOf({ oidc: { entities } }: ProviderContext, clock: Clock, most: number): number {
  const left = entities.Grant ? entities.Grant.exp - Math.floor(clock.now() / 1000) : most
  return Math.max(1, Math.min(most, left))
}

function cookies(isHttps: boolean): object {
  // RFC 6265bis §4.1.3.1: the prefix can only be set over https.
  const prefix = isHttps ? '__Secure-' : ''
  const options = { httpOnly: true, sameSite: 'lax', secure: isHttps }
  return {
    names: {
      session: `${prefix}parley_as`,
      interaction: `${prefix}parley_interaction`,
      resume: `${prefix}parley_resume`,
    },
    short: options,
    long: options,
  }
}
