import type { SigningKeys } from '../keys/signing-keys.ts'
import { signEs256 } from './es256.ts'

/** The claims of a token of ours; `exp`, `iat` and `auth_time` in seconds. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** Signs a JWT (RFC 7519) with the current key, here and now: hop tokens are made in the middle of a call. */
export function signToken(keys: SigningKeys, claims: TokenClaims, typ = 'at+jwt'): string {
  const { kid, privateKey } = keys.current()
  const head = encode({ alg: 'ES256', typ, kid })
  const input = `${head}.${encode(claims)}`
  return `${input}.${signEs256(Buffer.from(input), privateKey).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
