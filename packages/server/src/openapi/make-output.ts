import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { fitSchema } from './fit-schema.ts'
import { items, member, type OpenApiDocument, type Place } from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import type { SchemaLibrary } from './schema-library.ts'

export interface Output {
  readonly schema: JsonObject
  readonly wraps: boolean
}

/** It helps to know what comes, but every client reads it with every list. */
const OUTPUT_CHARACTERS = 8000

/**
 * What the structured content of an answer looks like: always an object (MCP 2025-11-25, Output Schema), so an answer
 * that is none stands under `result`. Undefined where the document does not say.
 */
export function makeOutput(
  document: OpenApiDocument,
  library: SchemaLibrary,
  place: Place | undefined,
): Output | undefined {
  if (!place) return undefined
  try {
    const { schema, defs } = library.convert(place, OUTPUT_CHARACTERS)
    const wraps = !isObjectSchema(document, place)
    // Clients want `type: object` at the top, where the schema of the document may be a reference or a choice.
    const top = wraps ? { properties: { result: schema } } : withoutNull(schema)
    const whole = { type: 'object', ...top, ...(Object.keys(defs).length > 0 ? { $defs: defs } : {}) }
    return { schema: fitSchema(whole, OUTPUT_CHARACTERS), wraps }
  } catch (error) {
    if (error instanceof OpenApiProblem) return undefined
    throw error
  }
}

function withoutNull(schema: JsonObject): JsonObject {
  const { type: _type, ...rest } = schema
  return rest
}

function isObjectSchema(document: OpenApiDocument, place: Place, seen = new Set<string>()): boolean {
  const { value, pointer } = document.follow(place)
  if (!isObject(value) || seen.has(pointer)) return false
  seen.add(pointer)
  if (value['nullable'] === true) return false
  if (value['type'] !== undefined) return value['type'] === 'object'
  if (isObject(value['properties'])) return true
  return items(member({ value, pointer }, 'allOf')).some((part) => isObjectSchema(document, part, seen))
}
