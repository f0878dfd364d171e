import { isObject } from '../lib/json-rpc.ts'
import { below, items, member, members, type OpenApiDocument, type Place } from './open-api-document.ts'

export interface PlainProperties {
  readonly properties: ReadonlyMap<string, Place>
  readonly required: ReadonlySet<string>
}

const MAX_DEPTH = 16

/** The properties of a schema that is one object through and through, `allOf` included; undefined for anything else. */
export function plainProperties(
  document: OpenApiDocument,
  schema: Place,
  depth = 0,
): PlainProperties | undefined {
  const place = document.follow(schema)
  if (!isObject(place.value) || depth > MAX_DEPTH || !isPlain(place.value)) return undefined
  const at = { value: place.value, pointer: place.pointer }
  const properties = new Map<string, Place>()
  const required = new Set<string>()
  const parts = items(member(at, 'allOf'))
  for (const part of parts) {
    const found = plainProperties(document, part, depth + 1)
    if (!found) return undefined
    for (const [name, property] of found.properties) properties.set(name, property)
    for (const name of found.required) required.add(name)
  }
  for (const [name, property] of members(member(at, 'properties'))) properties.set(name, property)
  for (const { value } of items(member(at, 'required'))) if (typeof value === 'string') required.add(value)
  // Documents demand properties that they do not describe.
  for (const name of required)
    if (!properties.has(name)) properties.set(name, { value: {}, pointer: below(place.pointer, 'required') })
  return properties.size === 0 && depth === 0 ? undefined : { properties, required }
}

/** Neither a choice of shapes nor open for properties that it does not name, and with no demand on the whole. */
function isPlain(schema: Readonly<Record<string, unknown>>): boolean {
  const { type, additionalProperties } = schema
  if (OF_THE_WHOLE.some((keyword) => schema[keyword] !== undefined)) return false
  if (additionalProperties === true || isObject(additionalProperties) || schema['nullable'] === true)
    return false
  return type === undefined || type === 'object'
}

const OF_THE_WHOLE = [
  'oneOf',
  'anyOf',
  'not',
  'if',
  'patternProperties',
  'minProperties',
  'maxProperties',
  'dependentRequired',
]
