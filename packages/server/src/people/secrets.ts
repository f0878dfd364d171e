import { createHash } from 'node:crypto'
import type { Random } from '../lib/random.ts'

const SECRET_BYTES = 32

/** 256 random bits that only have to be recognized again: a cookie, a link. */
export function newSecret(random: Random): { readonly text: string; readonly hash: Uint8Array } {
  const text = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
  return { text, hash: hashSecret(text) }
}

/** What is stored: the secret is random enough that a slow hash would add nothing. */
export function hashSecret(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
