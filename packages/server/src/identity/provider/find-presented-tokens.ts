import type { IncomingMessage } from 'node:http'
import type { OwnTokenClaims } from '../tokens/verify-own-token.ts'
import { Provider } from './library.ts'

/** A token that is good now: signed by us, not expired, not revoked. */
export type FindLiveToken = (token: string) => OwnTokenClaims | undefined

/**
 * Lets the provider's introspection and revocation find access tokens, which are signed and not stored. The token of a
 * request is kept beside the request, because the provider refuses to look at a parameter in the form of a JWT.
 */
export function findPresentedTokens(
  provider: Provider,
  findLiveToken: FindLiveToken,
): (request: IncomingMessage, token: string) => void {
  const presented = new WeakMap<IncomingMessage, string>()

  function claimsOfRequest(): OwnTokenClaims | undefined {
    const request = Provider.ctx?.req
    const token = request && presented.get(request)
    return token === undefined ? undefined : findLiveToken(token)
  }

  provider.AccessToken.find = async () => {
    const claims = claimsOfRequest()
    return claims && provider.AccessToken.instantiate(toModel(claims, 'AccessToken'))
  }
  return (request, token) => void presented.set(request, token)
}

/** The claims in the provider's words; what is ours alone goes out as it is. */
function toModel(claims: OwnTokenClaims, kind: string): object {
  const { jti, iat, exp, sub, aud, client_id: clientId, scope, gid, sid, act } = claims
  return {
    kind,
    jti,
    iat,
    exp,
    aud,
    clientId,
    ...(sub === clientId ? {} : { accountId: sub }),
    ...(scope === undefined ? {} : { scope }),
    ...(gid === undefined ? {} : { grantId: gid }),
    sid,
    extra: {
      sub,
      gid,
      act,
    },
  }
}
