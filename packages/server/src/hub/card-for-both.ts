import { cardToV03, type AgentCard } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/**
 * One document that clients of 0.3 read as a card of 0.3, and those of 1.0 as a card of 1.0: a card is asked for before its
 * version is known, so those who do not say theirs (§3.6.1) must find what they know. Where both versions have a member of
 * one name, it has the members of both.
 *
 * It has no signature. A signature is over the members of 1.0 alone, and who verifies the document as it stands, or as a card
 * of 0.3, would take it for a forged one; with A2A-Version: 1.0 the card comes as it was signed.
 */
export function cardForBoth({ signatures: _signatures, ...card }: AgentCard): JsonObject {
  const legacy = cardToV03(card, 'kind')
  return { ...legacy, ...card, ...mergedSchemes(legacy['securitySchemes'], card.securitySchemes) }
}

function mergedSchemes(legacy: unknown, schemes: AgentCard['securitySchemes']): JsonObject {
  if (schemes === undefined) return {}
  const inLegacy = legacy as Readonly<Record<string, JsonObject>>
  return {
    securitySchemes: Object.fromEntries(
      Object.entries(schemes).map(([name, scheme]) => [name, { ...inLegacy[name], ...scheme }]),
    ),
  }
}
