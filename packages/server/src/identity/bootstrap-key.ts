import { createHash, timingSafeEqual } from 'node:crypto'
import type { KeyId, Principal } from '@parley/contract'
import type { Random } from '../lib/random.ts'

/** The prefix makes a leaked key visible to secret scanners and to people. */
export const BOOTSTRAP_KEY_PREFIX = 'parley_admin_'

const KEY_BYTES = 32

/** A new administrator's key: 256 random bits. Only its SHA-256 is stored. */
export function createBootstrapKey(random: Random): string {
  return BOOTSTRAP_KEY_PREFIX + Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')
}

/** SHA-256 of the key: it is random enough that a slow hash would add nothing. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** Compares in constant time. */
export function matchesKey(key: string, hash: Uint8Array): boolean {
  const own = hashKey(key)
  return own.length === hash.length && timingSafeEqual(own, hash)
}

/** The principal that the bootstrap key stands for: an administrator without an account. */
export function bootstrapPrincipal(keyId: KeyId): Principal {
  return Object.freeze({
    subject: keyId,
    chain: Object.freeze([{ kind: 'key' as const, id: keyId }]),
    roles: Object.freeze(['admin' as const]),
    assurance: { kind: 'bootstrap' as const },
  })
}
