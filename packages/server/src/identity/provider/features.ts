import { isDeepStrictEqual } from 'node:util'
import { parleyCapabilityDetail } from '@parley/contract'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Resources } from '../resources/resource.ts'
import { errors } from './library.ts'
import { ACCESS_TOKEN_SECONDS } from './token-families.ts'
import type { ProviderContext, SourceModel } from './types.ts'

interface FeatureTools {
  readonly keys: SigningKeys
  readonly resources: Resources
}

/** What of the provider is switched on, and what it asks us about it. */
export function createFeatures({ keys, resources }: FeatureTools): object {
  return {
    devInteractions: { enabled: false },
    // An ID token says the same, and no access token of ours is for the issuer itself.
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
      authorizationDetailsForAccessToken: (
        context: ProviderContext,
        _: unknown,
        source?: { rar?: unknown },
      ) => grantedDetails(context, source?.rar),
      authorizationDetailsForIntrospection: (_: unknown, token: { rar?: unknown }) => token.rar,
    },
  }
}

/** A client may only ask about, and take back, what was issued to it (RFC 7662 §4, RFC 7009 §2.1). */
async function isOwnToken(_context: unknown, client: { clientId: string }, token: { clientId: string }) {
  return client.clientId === token.clientId
}

/** Whether there is a resource is told to whoever has signed in, by the page that asks them. */
const BEFORE_SIGN_IN: ReadonlySet<string> = new Set(['authorization', 'pushed_authorization_request'])

/** Scopes are looked at one by one, because every capability's name is one; the list would be endless. */
function describeResource(context: ProviderContext, identifier: string, tools: FeatureTools): object {
  const { route } = context.oidc
  const isAnyones = BEFORE_SIGN_IN.has(route)
  const resource =
    (isAnyones ? undefined : tools.resources.find(identifier)) ??
    (isAnyones || route === 'resume' ? tools.resources.presume(identifier) : undefined)
  if (!resource || resource.identifier !== identifier)
    throw new errors.InvalidTarget('the resource is unknown')
  const { params, entities } = context.oidc
  const sources: (SourceModel | undefined)[] = [entities.AuthorizationCode, entities.RefreshToken]
  const asked = [params['scope'], ...sources.map((source) => source?.scope)]
    .filter((scope) => typeof scope === 'string')
    .flatMap((scope) => scope.split(' '))
  const scopes = [...new Set(asked)].filter((scope) => resource.hasScope(scope))
  // RFC 6749 §3.3: a part of what was asked for may be granted, but not nothing.
  if (scopes.length === 0 && asked.length > 0)
    throw new errors.InvalidScope('none of these scopes is one of the resource', asked.join(' '))
  return {
    scope: scopes.join(' '),
    audience: identifier,
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256', kid: tools.keys.current().kid } },
  }
}

function checkDetail(context: ProviderContext, detail: unknown): void {
  const read = parleyCapabilityDetail.safeParse(detail)
  if (!read.success) {
    const [issue] = read.error.issues
    throw new errors.InvalidAuthorizationDetails(
      `authorization_details: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'not understood'}`,
    )
  }
  // RFC 9396 §2.2: where they are to be used is where the token is for.
  const { resource } = context.oidc.params
  if (read.data.locations?.some((location) => location !== resource))
    throw new errors.InvalidAuthorizationDetails('authorization_details: locations name another resource')
  // A grant has one set of limits: of several details, those that one of them sets would not hold for it alone.
  const all = requestedDetails(context)
  if (read.data.limits && Array.isArray(all) && all.length > 1)
    throw new errors.InvalidAuthorizationDetails(
      'authorization_details: ask for limits with one detail alone',
    )
}

/** RFC 9396 §6: a token request may repeat what was granted; anything else is asked of the person again. */
function grantedDetails(context: ProviderContext, granted: unknown): unknown {
  const asked = requestedDetails(context)
  if (asked !== undefined && !isDeepStrictEqual(asked, granted))
    throw new errors.InvalidAuthorizationDetails('authorization_details differ from those that were granted')
  return granted
}

function requestedDetails(context: ProviderContext): unknown {
  const text = context.oidc.params['authorization_details']
  return typeof text === 'string' ? JSON.parse(text) : undefined
}
