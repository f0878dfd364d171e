import type { Grant } from '@parley/contract'
import { ACCESS_TOKEN_SECONDS } from '../provider/token-families.ts'
import { signToken, type TokenClaims } from '../tokens/sign-token.ts'
import type { WorkloadTools } from './workload-tools.ts'

const ID_BYTES = 16

export interface TokenWish {
  readonly grant: Grant
  readonly scope: readonly string[]
  /** Seconds since the epoch that the token must not outlive. */
  readonly notAfter?: number
  readonly claims: TokenClaims
}

/** The answer of the token endpoint (RFC 6749 §5.1) with an access token (RFC 9068) that ends with its grant at the latest. */
export function signAccessToken(
  { grant, scope, notAfter = Infinity, claims }: TokenWish,
  { issuer, keys, clock, random }: Pick<WorkloadTools, 'issuer' | 'keys' | 'clock' | 'random'>,
): Record<string, unknown> {
  const issuedAt = Math.floor(clock.now() / 1000)
  const grantEnd = grant.terms.expiresAt === null ? Infinity : Math.floor(grant.terms.expiresAt / 1000)
  const expiresAt = Math.min(issuedAt + ACCESS_TOKEN_SECONDS, grantEnd, notAfter)
  const token = signToken(keys, {
    iss: issuer,
    ...claims,
    scope: scope.join(' '),
    gid: grant.id,
    jti: Buffer.from(random.bytes(ID_BYTES)).toString('base64url'),
    iat: issuedAt,
    exp: expiresAt,
  })
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresAt - issuedAt,
    scope: scope.join(' '),
  }
}
