import { checkValue } from './check-value.ts'
import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { below, items, members, type OpenApiDocument, type Place } from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import { writeDescription } from './write-description.ts'

/**
 * `input`: what a caller may send, so what is read-only is left out. `output`: what the server may answer. There the
 * schema describes more than it demands, because servers answer nulls, new values and missing members that their
 * documents do not know, and a client must refuse an answer that does not fit.
 */
export type Direction = 'input' | 'output'

export interface Conversion {
  readonly document: OpenApiDocument
  readonly direction: Direction
  /** Gives the name under `$defs` for a schema that is referred to. */
  readonly refer: (target: Place) => string
}

type Schema = Record<string, unknown>

const MAX_DEPTH = 64
const MAX_EXAMPLE_CHARACTERS = 200
const DESCRIPTION_CHARACTERS = 400

/** Demands that are the same in OpenAPI and in JSON Schema 2020-12, and that an answer is not held to. */
const DEMANDS = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'multipleOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
] as const
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const
const SINGLE = ['items', 'contains', 'propertyNames'] as const

/**
 * A Schema Object of OpenAPI 3.0 or 3.1 as JSON Schema 2020-12. Only keywords that are known here come through: no
 * `$id` that would move references, no extension that would mean something to the hub, and no `not` or `if`, which would
 * demand more where a part of them is left out for want of room.
 * @throws OpenApiProblem for a reference that is not followed.
 */
export function convertSchema(place: Place, conversion: Conversion): JsonObject {
  return convert(place, conversion, 0)
}

function convert(place: Place, conversion: Conversion, depth: number): Schema {
  const { value, pointer } = place
  // JSON Schema 2020-12 §4.3.2: true is everything, false nothing.
  if (value === false) return { not: {} }
  if (!isObject(value)) return {}
  if (depth > MAX_DEPTH) throw new OpenApiProblem(pointer, `Schemas are nested more than ${MAX_DEPTH} deep`)
  const reference = value['$ref']
  if (typeof reference === 'string') return convertReference(reference, place, conversion)
  const schema: Schema = {}
  copyType(value, schema)
  copyWords(value, schema, conversion.direction)
  copyDemands(value, schema, conversion)
  for (const keyword of LISTS) copyList(place, keyword, { schema, conversion, depth })
  for (const keyword of SINGLE) copySingle(place, keyword, { schema, conversion, depth })
  copyProperties(place, { schema, conversion, depth })
  dropUnfitExamples(schema)
  return allowNull(schema, value, conversion)
}

function convertReference(reference: string, { value, pointer }: Place, conversion: Conversion): Schema {
  const target = conversion.document.target(reference, pointer)
  const schema: Schema = { $ref: `#/$defs/${conversion.refer(target)}` }
  // OpenAPI 3.1 lets words stand beside a reference; 3.0 ignores them, and they do no harm.
  const description = writeDescription((value as JsonObject)['description'], DESCRIPTION_CHARACTERS)
  return description === undefined ? schema : { ...schema, description }
}

/** OpenAPI 3.1 has lists of types, with null among them; `file` of older days is a string. */
function copyType({ type }: JsonObject, schema: Schema): void {
  const known = (Array.isArray(type) ? type : [type]).filter(
    (one): one is string => typeof one === 'string' && TYPES.has(one),
  )
  if (known.length === 1) schema['type'] = known[0]
  else if (known.length > 1) schema['type'] = [...new Set(known)]
}

const TYPES: ReadonlySet<string> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'object',
  'array',
  'null',
])

function copyWords(value: JsonObject, schema: Schema, direction: Direction): void {
  const description = writeDescription(value['description'], DESCRIPTION_CHARACTERS)
  if (description !== undefined) schema['description'] = description
  if (typeof value['format'] === 'string') schema['format'] = value['format'].slice(0, 64)
  if (value['deprecated'] === true) schema['deprecated'] = true
  if (direction === 'input' && value['default'] !== undefined && isShort(value['default']))
    schema['default'] = plain(value['default'])
  const examples = [
    value['example'],
    ...(Array.isArray(value['examples']) ? value['examples'].slice(0, 1) : []),
  ]
  const example = examples.find((one) => one !== undefined && isShort(one))
  if (direction === 'input' && example !== undefined) schema['examples'] = [plain(example)]
  copyEncoding(value, schema)
}

/** Bytes travel as base64 (OpenAPI 3.0 `byte` and `binary`; 3.1 `contentEncoding`). */
function copyEncoding({ format, contentEncoding, contentMediaType }: JsonObject, schema: Schema): void {
  if (format === 'binary' || format === 'byte' || contentEncoding === 'base64') {
    delete schema['format']
    schema['contentEncoding'] = 'base64'
  }
  if (typeof contentMediaType === 'string') schema['contentMediaType'] = contentMediaType.slice(0, 128)
}

function copyDemands(value: JsonObject, schema: Schema, { direction, document }: Conversion): void {
  if (Array.isArray(value['enum']) && value['enum'].length > 0) {
    const values = (value['enum'] as unknown[]).map(plain)
    if (direction === 'input') schema['enum'] = [...new Set(values)]
    else schema['examples'] = values.slice(0, 20)
  }
  if (value['const'] !== undefined) {
    if (direction === 'input') schema['const'] = plain(value['const'])
    else schema['examples'] = [plain(value['const'])]
  }
  if (direction === 'output') return
  for (const keyword of DEMANDS) if (value[keyword] !== undefined) schema[keyword] = plain(value[keyword])
  if (typeof value['pattern'] === 'string' && isPattern(value['pattern']))
    schema['pattern'] = value['pattern']
  if (document.version === '3.0') correctBounds(schema)
  for (const keyword of DEMANDS) if (!isDemand(keyword, schema[keyword])) delete schema[keyword]
}

/** OpenAPI 3.0 has the bound and, as a boolean, whether it is exclusive (JSON Schema draft 5). */
function correctBounds(schema: Schema): void {
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (schema[exclusive] === true && typeof schema[bound] === 'number') {
      schema[exclusive] = schema[bound]
      delete schema[bound]
    }
  }
}

function isDemand(keyword: (typeof DEMANDS)[number], value: unknown): boolean {
  return keyword === 'uniqueItems' ? typeof value === 'boolean' : typeof value === 'number'
}

interface Target {
  readonly schema: Schema
  readonly conversion: Conversion
  readonly depth: number
}

function copyList(
  place: Place,
  keyword: (typeof LISTS)[number],
  { schema, conversion, depth }: Target,
): void {
  const value = place.value as JsonObject
  const found = items({ value: value[keyword], pointer: below(place.pointer, keyword) })
  if (found.length === 0) return
  const converted = found.map((one) => convert(one, conversion, depth + 1))
  // A choice of one is never held to: where parts are left out for want of room, a value may fit several of them.
  if (keyword === 'oneOf') schema['anyOf'] ??= converted
  else schema[keyword] = converted
}

function copySingle(
  place: Place,
  keyword: (typeof SINGLE)[number],
  { schema, conversion, depth }: Target,
): void {
  const value = (place.value as JsonObject)[keyword]
  if (value === undefined || Array.isArray(value)) return
  if (conversion.direction === 'output' && keyword !== 'items') return
  schema[keyword] = convert({ value, pointer: below(place.pointer, keyword) }, conversion, depth + 1)
}

function copyProperties(place: Place, { schema, conversion, depth }: Target): void {
  const value = place.value as JsonObject
  const { direction, document } = conversion
  const hidden = direction === 'input' ? 'readOnly' : 'writeOnly'
  const left = new Set<string>()
  const properties = members({ value: value['properties'], pointer: below(place.pointer, 'properties') })
  const converted = properties.flatMap(([name, property]) => {
    if (isHidden(document, property, hidden)) {
      left.add(name)
      return []
    }
    return [[name, convert(property, conversion, depth + 1)] as const]
  })
  if (converted.length > 0) schema['properties'] = Object.fromEntries(converted)
  const required = Array.isArray(value['required'])
    ? value['required'].filter((name): name is string => typeof name === 'string' && !left.has(name))
    : []
  if (direction === 'input' && required.length > 0) schema['required'] = [...new Set(required)]
  const additional = value['additionalProperties']
  if (typeof additional === 'boolean') {
    if (direction === 'input') schema['additionalProperties'] = additional
  } else if (isObject(additional)) {
    const at = { value: additional, pointer: below(place.pointer, 'additionalProperties') }
    schema['additionalProperties'] = convert(at, conversion, depth + 1)
  }
}

/** Documents have examples that their own schemas do not allow, and a model would follow them. */
function dropUnfitExamples(schema: Schema): void {
  const { examples, ...demands } = schema
  if (!Array.isArray(examples)) return
  const fit = examples.filter((one) => checkValue(one, demands).length === 0)
  if (fit.length === 0) delete schema['examples']
  else schema['examples'] = fit
}

/** A property is read-only or write-only by what it is, behind its references too. */
function isHidden(document: OpenApiDocument, property: Place, keyword: string): boolean {
  if (!isObject(property.value)) return false
  if (property.value[keyword] === true) return true
  if (typeof property.value['$ref'] !== 'string') return false
  const { value } = document.follow(property)
  return isObject(value) && value[keyword] === true
}

/** `nullable` (OpenAPI 3.0) is meant also where the type stands elsewhere; an answer may be null anywhere. */
function allowNull(schema: Schema, value: JsonObject, { document, direction }: Conversion): Schema {
  const isNullable = document.version === '3.0' && value['nullable'] === true
  if (!isNullable && direction === 'input') return schema
  const type = schema['type']
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(null))
    schema['enum'] = [...schema['enum'], null]
  if (typeof type === 'string') schema['type'] = type === 'null' ? type : [type, 'null']
  else if (Array.isArray(type)) schema['type'] = type.includes('null') ? type : [...type, 'null']
  const isBound = LISTS.some((keyword) => schema[keyword] !== undefined)
  if (!isBound) return schema
  const { description, ...rest } = schema
  const words = description === undefined ? {} : { description }
  return { ...words, anyOf: [rest, { type: 'null' }] }
}

function isPattern(pattern: string): boolean {
  if (pattern.length > 500) return false
  try {
    return RegExp(pattern, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function isShort(value: unknown): boolean {
  return (JSON.stringify(value) ?? '').length <= MAX_EXAMPLE_CHARACTERS
}

/** Numbers that a double would round are schema bounds here, and rounded. */
function plain(value: unknown): unknown {
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}
