import { hash } from 'node:crypto'
import { canonicalJson } from '../lib/jcs.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/**
 * Base64url SHA-256 of a card's canonical JSON (RFC 8785), every member included, known or not, but the signatures: an
 * agent may sign the same card anew each time. Throws TypeError where there is no canonical form.
 */
export function hashCard(card: JsonObject): string {
  const { signatures: _, ...signed } = card
  return hash('sha256', canonicalJson(signed), 'base64url')
}
