import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../lib/random.ts'

/** The prefix makes a leaked secret visible to secret scanners and to people. */
export const CLIENT_SECRET_PREFIX = 'parley_secret_'

const SECRET_BYTES = 32

/** 256 random bits: nothing is gained by a slow hash, or by telling more than one of them apart. */
export function createClientSecret(random: Random): string {
  return CLIENT_SECRET_PREFIX + Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
}

export function hashClientSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Compares with every hash, in a time that tells nothing of them. */
export function matchesClientSecret(secret: string, hashes: readonly Uint8Array[]): boolean {
  const own = hashClientSecret(secret)
  let found = false
  for (const hash of hashes) found = (hash.length === own.length && timingSafeEqual(hash, own)) || found
  return found
}
