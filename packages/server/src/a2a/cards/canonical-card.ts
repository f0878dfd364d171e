import { isRawNumber } from '../../lib/exact-numbers.ts'
import { canonicalJson } from '../../lib/jcs.ts'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { SHAPES, type FieldShape, type MessageShape } from '../message-shapes.ts'

/**
 * How "properties with default values" are left out before RFC 8785:
 * - `presence`: as §8.4.1 has it: what is REQUIRED stays, and what is `optional` and set;
 * - `unset`: without what is empty, REQUIRED or not, which is how the SDKs read §8.4.3;
 * - `plain`: without any default value at all, which is what §8.4.3 says alone;
 * - `whole`: nothing is left out: cards of 0.3, which has no such rule.
 */
export type CardReading = 'presence' | 'unset' | 'plain' | 'whole'

/**
 * The text of a card that a signature is over (specification §8.4.1), from the card's JSON as it was received: without its
 * `signatures`. Fields that nobody knows stay: a signature is over them, or it does not verify. What is inside a Struct is
 * never touched. Throws TypeError where the card has no one canonical text.
 */
export function canonicalCard(card: JsonObject, reading: CardReading = 'presence'): string {
  const { signatures: _signatures, ...rest } = card
  if (reading === 'whole') {
    refuseInexact(rest)
    return canonicalJson(rest)
  }
  const cleaned = cleanMessage(SHAPES.AgentCard, rest, reading)
  refuseInexact(cleaned)
  return canonicalJson(cleaned)
}

function cleanMessage(shape: MessageShape, json: JsonObject, reading: CardReading): JsonObject {
  const cleaned: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(json)) {
    const field = shape.byName.get(key)
    if (field === undefined) cleaned[key] = value
    else if (value !== null) {
      const inner = cleanField(field, value, reading)
      if (!isLeftOut(field, inner, reading)) cleaned[key] = inner
    }
  }
  if (reading === 'presence') {
    for (const field of shape.required) {
      if (cleaned[field.name] === undefined) cleaned[field.name] = defaultOf(field)
    }
  }
  return cleaned
}

function cleanField(field: FieldShape, value: unknown, reading: CardReading): unknown {
  const { value: shape, isList, isMap } = field
  if (shape.kind !== 'message') return value
  const clean = (json: unknown): unknown =>
    isObject(json) ? cleanMessage(shape.message, json, reading) : json
  if (isList) return Array.isArray(value) ? value.map(clean) : value
  if (!isMap) return clean(value)
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item)]))
    : value
}

function isLeftOut(field: FieldShape, value: unknown, reading: CardReading): boolean {
  if (reading === 'presence') return !field.isRequired && !field.hasPresence && isDefault(value)
  if (reading === 'plain') return isDefault(value)
  // A field with presence that was set to false stays with the SDKs; what is empty goes.
  return isEmpty(value) || (!field.hasPresence && isDefault(value))
}

function isDefault(value: unknown): boolean {
  return value === false || value === 0 || isEmpty(value)
}

function isEmpty(value: unknown): boolean {
  if (value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

function defaultOf(field: FieldShape): unknown {
  if (field.isList) return []
  return field.isMap || field.value.kind === 'message' ? {} : ''
}

/** A number that a double rounds has the canonical text of another one: two cards with one signature. */
function refuseInexact(value: unknown): void {
  if (isRawNumber(value))
    throw new TypeError('A number beyond the precision of a double has no canonical form')
  if (Array.isArray(value)) value.forEach(refuseInexact)
  else if (isObject(value)) Object.values(value).forEach(refuseInexact)
}
