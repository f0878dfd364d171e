import type { KeyId, Principal } from '@parley/contract'
import { bootstrapPrincipal, matchesKey } from './bootstrap-key.ts'

/** A key as it is stored: its hash and whether it still stands. */
export interface StoredKey {
  readonly id: KeyId
  readonly hash: Uint8Array
}

/** Answers who calls, or undefined when the credential is missing or unknown. */
export type Authenticate = (authorization: string | undefined) => Principal | undefined

const SCHEME = 'Bearer '
/** Longer than any credential of ours; anything beyond is refused unread. */
const MAX_HEADER_LENGTH = 4096

/**
 * Checks the `Authorization` header (RFC 6750 §2.1). A header that was accepted is remembered by its exact text, so
 * that the hash is computed once per credential and not once per call; a wrong one is never remembered.
 */
export function createAuthenticate(keys: readonly StoredKey[]): Authenticate {
  let acceptedHeader: string | undefined
  let acceptedPrincipal: Principal | undefined

  return function authenticate(authorization) {
    if (authorization === undefined) return undefined
    if (authorization === acceptedHeader) return acceptedPrincipal
    if (authorization.length > MAX_HEADER_LENGTH || !hasScheme(authorization)) return undefined
    const credential = authorization.slice(SCHEME.length)
    const key = keys.find((candidate) => matchesKey(credential, candidate.hash))
    if (!key) return undefined
    acceptedHeader = authorization
    acceptedPrincipal = bootstrapPrincipal(key.id)
    return acceptedPrincipal
  }
}

/** The scheme's name is case-insensitive (RFC 9110 §11.1). */
function hasScheme(authorization: string): boolean {
  return authorization.slice(0, SCHEME.length).toLowerCase() === 'bearer '
}
