export type Bearer =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }

/** Longer than any token we issue; anything beyond is refused unread. */
const MAX_HEADER_LENGTH = 8192
const SCHEME = /^bearer(?: +|$)/i
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** Reads the token of an `Authorization` header (RFC 6750 §2.1). Another scheme is the same as no credential. */
export function readBearer(authorization: string | null | undefined): Bearer {
  if (!authorization) return { kind: 'missing' }
  // The scheme's name is case-insensitive (RFC 9110 §11.1).
  const scheme = SCHEME.exec(authorization)
  if (!scheme) return { kind: 'missing' }
  const token = authorization.slice(scheme[0].length)
  const isReadable = authorization.length <= MAX_HEADER_LENGTH && B64TOKEN.test(token)
  return isReadable ? { kind: 'token', token } : { kind: 'malformed' }
}
