import { hash } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { SeenCard } from './agent-row.ts'

/**
 * Base64url SHA-256 of a card's canonical JSON (RFC 8785), every member included, known or not, but the signatures: an
 * agent may sign the same card anew each time. Throws TypeError where there is no canonical form.
 */
export function hashCard(card: JsonObject): string {
  const { signatures: _, ...signed } = card
  return hash('sha256', canonicalJson(signed), 'base64url')
}

/** @throws ParleyError `upstream_invalid` for a card that has no canonical form. */
export function seenCard(body: JsonObject): SeenCard {
  try {
    return { body, hash: hashCard(body) }
  } catch (cause) {
    throw new ParleyError('upstream_invalid', 'The card holds values that have no canonical form.', { cause })
  }
}
