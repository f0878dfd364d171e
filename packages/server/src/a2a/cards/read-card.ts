import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { parseStrict, StrictJsonError } from '../../lib/strict-json/index.ts'
import { checkMessage, type FieldViolation } from '../check-message.ts'
import type { AgentCard } from '../model.ts'
import type { A2aVersion } from '../operations.ts'
import { cardFromV03 } from '../v03/card-from-v03.ts'
import { checkCardLimits } from './check-card-limits.ts'
import { plainOneofs } from './plain-oneofs.ts'

export type ReadCard =
  | {
      readonly kind: 'card'
      /** In the form of 1.0. */
      readonly card: AgentCard
      /** The version of the card's own form. */
      readonly version: A2aVersion
      /** As it was received, which its signatures are over. */
      readonly json: JsonObject
    }
  | { readonly kind: 'refused'; readonly violations: readonly FieldViolation[] }

export const MAX_CARD_BYTES = 256 * 1024

/** A card as it was fetched. */
export function readCard(bytes: Buffer): ReadCard {
  if (bytes.length > MAX_CARD_BYTES) return refuse(`The card has more than ${MAX_CARD_BYTES} bytes.`)
  try {
    return readCardJson(parseStrict(bytes))
  } catch (error) {
    if (error instanceof StrictJsonError) return refuse(`The card cannot be read: ${error.message}`)
    throw error
  }
}

/** A card of 1.0 or 0.3, told apart by its interfaces; refused with the fields that are wrong. */
export function readCardJson(json: unknown): ReadCard {
  if (!isObject(json)) return refuse('The card must be an object.')
  const isOfV1 = Array.isArray(json['supportedInterfaces'])
  if (!isOfV1 && typeof json['url'] !== 'string')
    return refuse('The card has neither supportedInterfaces (A2A 1.0) nor url (0.3).')
  const checked = checkMessage(
    'AgentCard',
    isOfV1 ? plainOneofs(firstFormOf(json)) : cardFromV03(json),
    'agent',
  )
  if (checked.kind === 'invalid') return { kind: 'refused', violations: checked.violations }
  const card = checked.value as unknown as AgentCard
  const violations = checkCardLimits(card)
  if (violations.length > 0) return { kind: 'refused', violations }
  return { kind: 'card', card, version: isOfV1 ? '1.0' : '0.3', json }
}

/** Agents serve both forms in one document: that of 0.3 with the interfaces of 1.0. */
function firstFormOf(json: JsonObject): JsonObject {
  if (typeof json['url'] !== 'string' || json['protocolVersion'] === undefined) return json
  return { ...(cardFromV03(json) as JsonObject), supportedInterfaces: json['supportedInterfaces'] }
}

function refuse(description: string): ReadCard {
  return { kind: 'refused', violations: [{ field: '', description }] }
}
