import type { GrantId } from '@parley/contract'
import type { Grants } from '../../grants/index.ts'
import {
  errors,
  grantCommon,
  grantParts,
  internalsOf,
  type GrantHandler,
  type Provider,
} from '../provider/library.ts'
import { hashId } from '../provider/record-store.ts'
import type { AccessTokenModel, GrantModel, ProviderContext, SourceModel } from '../provider/types.ts'
import { rotateRefreshToken, type RotationTools } from './rotate-refresh-token.ts'

/** An app that has not refreshed for so long has to ask again. */
export const REFRESH_TOKEN_SECONDS = 30 * 24 * 3600

export interface RefreshTools extends RotationTools {
  readonly grants: Pick<Grants, 'find'>
}

/**
 * The refresh_token grant (RFC 6749 §6). The built-in one keeps no successor and decides who is first by reading, not by
 * writing (decisions/011); everything that can be refused is refused before the token is spent.
 */
export function registerRefreshTokenGrant(provider: Provider, tools: RefreshTools): void {
  const { grantTypeParams } = internalsOf(provider)
  const parameters = grantTypeParams.get('refresh_token') ?? new Set<string>()
  provider.registerGrantType('refresh_token', createHandler(provider, tools), parameters, ['resource'])
}

function createHandler(provider: Provider, tools: RefreshTools): GrantHandler {
  return async (context) => {
    const { oidc } = context
    const presented = oidc.params['refresh_token']
    if (typeof presented !== 'string')
      throw new errors.InvalidRequest("missing required parameter 'refresh_token'")
    const { row, source } = findSource(presented, provider, { context, tools })
    const grant = await grantParts.validateGrant(provider, context, source.grantId)
    oidc.entity('RefreshToken', source)
    oidc.entity('Grant', grant)
    const { token, scope } = await prepareAccessToken(provider, context, source, grant)
    const rotation = await rotateRefreshToken(
      { presented, row, successorExpiresAt: expiryOf(source.grantId, tools) },
      tools,
    )
    if (rotation.kind === 'reused') throw new errors.InvalidGrant('refresh token already used')
    oidc.entity('AccessToken', token)
    const accessToken = await token.save()
    context.body = grantParts.buildTokenResponse(provider, {
      accessToken,
      authorizationDetails: token.rar,
      expiresIn: token.expiration,
      idToken: await grantCommon.issueIdToken(provider, context, source, token, grant, scope),
      refreshToken: rotation.refreshToken,
      scope: token.scope,
      tokenType: token.tokenType,
    })
  }
}

function findSource(
  presented: string,
  provider: Provider,
  { context, tools }: { context: ProviderContext; tools: RefreshTools },
) {
  const row = tools.families.rows.find(hashId(presented))
  if (!row || row.isFamilyRevoked) throw new errors.InvalidGrant('refresh token not found')
  // Before anything else: a token in the wrong hands must not end the family of its owner.
  if (row.payload['clientId'] !== context.oidc.client.clientId)
    throw new errors.InvalidGrant('client mismatch')
  if (row.expiresAt <= tools.clock.now()) throw new errors.InvalidGrant('refresh token is expired')
  const source = provider.RefreshToken.instantiate({ ...row.payload, jti: presented })
  return { row, source }
}

/** Everything but its signature: refuses wider scopes, other resources and accounts that are gone. */
async function prepareAccessToken(
  provider: Provider,
  context: ProviderContext,
  source: SourceModel,
  grant: GrantModel,
): Promise<{ token: AccessTokenModel; scope: ReadonlySet<string> }> {
  const { oidc } = context
  const isNarrowed = typeof oidc.params['scope'] === 'string'
  const scope = isNarrowed ? oidc.requestParamScopes : source.scopes
  const missing = [...scope].filter((one) => !source.scopes.has(one))
  if (missing.length > 0)
    throw new errors.InvalidScope('a refresh cannot add what was not granted', missing.join(' '))
  const account = await grantCommon.validateAccount(provider, context, source, 'refresh token')
  oidc.entity('Account', account)
  const token = grantCommon.createAccessToken(provider, context, source, 'refresh_token')
  await grantParts.resolveAndApplyResource(provider, context, source, token, grant, scope)
  await grantParts.applyAuthorizationDetails(provider, context, token, source)
  return { token, scope }
}

function expiryOf(grantId: string, { grants, clock }: RefreshTools): number {
  const limit = clock.now() + REFRESH_TOKEN_SECONDS * 1000
  return Math.min(limit, grants.find(grantId as GrantId)?.terms.expiresAt ?? limit)
}
