import type { Clock } from '../../lib/clock.ts'
import { hashId } from './record-store.ts'
import { accessTokenId } from './token-families.ts'
import type { AccessTokenModel, ProviderContext, SourceModel } from './types.ts'

/**
 * Claims beside those of RFC 9068 §2.2: the grant, the browser session, and how the person was authenticated (§2.2.1). A
 * grant type of ours says its own (`act`, `gid`, `acr`) with `context.oidc.entity('ParleyClaims', …)`.
 */
export async function accessTokenClaims(
  context: ProviderContext,
  token: AccessTokenModel,
): Promise<Record<string, unknown> | undefined> {
  const source = sourceOf(context)
  return withoutUndefined({
    gid: token.grantId,
    sid: token.sessionUid,
    acr: source?.acr,
    amr: source?.amr,
    auth_time: source?.authTime,
    ...context.oidc.entities.ParleyClaims,
  })
}

interface StructuredToken {
  readonly payload: Record<string, unknown> & { iat: number; exp: number }
}

/**
 * Gives an access token its id (see `accessTokenId`; without a code or refresh token behind it, it keeps a random one) and
 * the time of the hub: the provider takes the machine's, which may have been set back.
 */
export function completeAccessToken(clock: Clock) {
  return async (
    context: ProviderContext,
    _: AccessTokenModel,
    { payload }: StructuredToken,
  ): Promise<void> => {
    const source = sourceOf(context)
    if (source) payload['jti'] = accessTokenId(hashId(source.jti))
    const lifeSeconds = payload.exp - payload.iat
    payload.iat = Math.floor(clock.now() / 1000)
    payload.exp = payload.iat + lifeSeconds
  }
}

function sourceOf(context: ProviderContext): SourceModel | undefined {
  const { entities } = context.oidc
  return entities.RefreshToken ?? entities.AuthorizationCode
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
