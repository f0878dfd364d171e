import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose'
import { fetchJson } from './fetch-json.ts'
import type { KeySource } from './verifier.ts'

export interface RemoteKeysOptions {
  readonly jwksUri: () => Promise<string>
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A key that the issuer took back is used for at most this long. */
const MAX_AGE_MS = 5 * 60_000
/** However many tokens name unknown keys, the issuer is asked no more often. */
const COOLDOWN_MS = 5000

/**
 * The keys of an issuer (RFC 7517), asked for anew when they are old or a token names one that is not among them. While
 * the issuer cannot be reached its last keys go on, until they are old.
 */
export function createRemoteKeys({ jwksUri, fetch, now }: RemoteKeysOptions): KeySource {
  let known: ReturnType<typeof createLocalJWKSet> | undefined
  let fetchedAtMs = -Infinity
  let askedAtMs = -Infinity
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    askedAtMs = now()
    const keys = await fetchJson(fetch, await jwksUri())
    known = createLocalJWKSet(keys as unknown as JSONWebKeySet)
    fetchedAtMs = now()
  }

  function refresh(): Promise<void> {
    asking ??= ask().finally(() => (asking = undefined))
    return asking
  }

  return async function findKey(header, token) {
    if (!known || now() - fetchedAtMs > MAX_AGE_MS) await refresh()
    try {
      return await known!(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // Whoever comes while the issuer is being asked waits for that answer too.
      if (!asking && now() - askedAtMs < COOLDOWN_MS) throw error
      await refresh()
      return known!(header, token)
    }
  }
}
