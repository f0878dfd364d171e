import { readCardJson, verifyCard } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { CardKey } from './agent-row.ts'

/** `untrusted`: signed, but by none of the keys, or not as it stands. */
export type SignatureStanding = 'none' | 'untrusted' | 'verified'

/** Whether one of the enrolled keys that have not expired has signed the card (A2A §8.4.3, H1). */
export function checkSignature(card: JsonObject, keys: readonly CardKey[], now: number): SignatureStanding {
  const read = readCardJson(card)
  const version = read.kind === 'card' ? read.version : '1.0'
  const enrolled = keys.map(({ kid, publicKey, expiresAt }) => ({
    kid,
    jwk: publicKey,
    ...(expiresAt !== null && { expiresAt }),
  }))
  const trust = verifyCard(card, { keys: enrolled, now, version })
  return trust.kind === 'unsigned' ? 'none' : trust.kind
}
