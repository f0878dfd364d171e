import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { fitSchema } from './fit-schema.ts'
import { nameArguments, type ArgumentSource } from './name-arguments.ts'
import { below, member, type OpenApiDocument, type Place } from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import type { BodyBinding, ParameterBinding } from './operation-call.ts'
import { plainProperties, type PlainProperties } from './plain-properties.ts'
import type { RequestBody } from './read-body.ts'
import type { Operation } from './read-operations.ts'
import type { Parameter } from './read-parameters.ts'
import type { SchemaLibrary } from './schema-library.ts'
import { writeDescription } from './write-description.ts'

export interface Input {
  readonly schema: JsonObject
  readonly parameters: readonly ParameterBinding[]
  readonly body: BodyBinding | undefined
}

interface InputParts {
  readonly document: OpenApiDocument
  readonly library: SchemaLibrary
  readonly operation: Operation
  readonly parameters: readonly Parameter[]
  readonly body: RequestBody | undefined
}

/** One argument in the making. */
interface Argument extends ArgumentSource {
  readonly schema: JsonObject
  readonly required: boolean
}

/** Of an input schema in all; a model reads it with every list. */
const INPUT_CHARACTERS = 24_000
const DESCRIPTION_CHARACTERS = 600
const MAX_ARGUMENTS = 500

/**
 * Parameters and body as one object of arguments. The properties of a body that is a plain object stand beside the
 * parameters; any other body is one argument.
 */
export function makeInput(parts: InputParts): Input {
  const { document, operation, parameters, body } = parts
  checkPath(operation, parameters)
  const defs: Record<string, JsonObject> = {}
  const convert = (place: Place): JsonObject => {
    const converted = parts.library.convert(place, INPUT_CHARACTERS)
    for (const [name, def] of Object.entries(converted.defs)) {
      if (!Object.hasOwn(defs, name) || Object.keys(defs[name]!).length === 0) defs[name] = def
    }
    return converted.schema
  }
  const own = parameters.map((parameter) => [parameter, toArgument(parameter, convert)] as const)
  const flat =
    body && body.kind !== 'text' && body.kind !== 'binary'
      ? plainProperties(document, body.schema)
      : undefined
  const bodyArguments = body
    ? flat
      ? propertyArguments(body, flat, convert)
      : [wholeBody(body, convert)]
    : []
  const all = [...own.map(([, argument]) => argument), ...bodyArguments]
  if (all.length > MAX_ARGUMENTS)
    throw new OpenApiProblem(
      operation.place.pointer,
      `The operation takes more than ${MAX_ARGUMENTS} arguments`,
    )
  const names = nameArguments(all)
  const properties = Object.fromEntries(all.map((argument) => [names.get(argument)!, argument.schema]))
  const required = all.filter((argument) => argument.required).map((argument) => names.get(argument)!)
  return {
    schema: fitSchema(
      {
        type: 'object',
        properties,
        ...(required.length > 0 ? { required } : {}),
        additionalProperties: false,
        ...(Object.keys(defs).length > 0 ? { $defs: defs } : {}),
      },
      INPUT_CHARACTERS,
    ),
    parameters: own.map(([parameter, argument]) => toBinding(parameter, names.get(argument)!)),
    body:
      body &&
      toBodyBinding(document, body, {
        names: bodyArguments.map((argument) => [names.get(argument)!, argument.name] as const),
        flat,
      }),
  }
}

/** Every `{name}` of a path is one of its parameters (OpenAPI, Path Templating). */
function checkPath({ path, place }: Operation, parameters: readonly Parameter[]): void {
  for (const [, name] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (parameters.some((parameter) => parameter.in === 'path' && parameter.name === name)) continue
    throw new OpenApiProblem(
      below(place.pointer, 'parameters'),
      `The path has {${name!.slice(0, 60)}}, and no parameter says what it is`,
    )
  }
}

function toArgument(parameter: Parameter, convert: (place: Place) => JsonObject): Argument {
  const { name, required, description, deprecated } = parameter
  const schema = convert(parameter.schema)
  return {
    in: parameter.in,
    name,
    required,
    schema: {
      ...schema,
      ...describe(description, schema),
      ...(deprecated ? { deprecated: true } : {}),
    },
  }
}

function describe(description: unknown, schema: JsonObject): JsonObject {
  const words = writeDescription(description, DESCRIPTION_CHARACTERS) ?? schema['description']
  return words === undefined ? {} : { description: words }
}

function propertyArguments(
  body: RequestBody,
  { properties, required }: PlainProperties,
  convert: (place: Place) => JsonObject,
): Argument[] {
  return [...properties].flatMap(([name, place]) => {
    if (isObject(place.value) && place.value['readOnly'] === true) return []
    return [
      { in: 'body' as const, name, schema: convert(place), required: body.required && required.has(name) },
    ]
  })
}

function wholeBody(body: RequestBody, convert: (place: Place) => JsonObject): Argument {
  const schema = body.schema.value === undefined ? {} : convert(body.schema)
  const form =
    body.kind === 'binary'
      ? { type: 'string', contentEncoding: 'base64', contentMediaType: body.mediaType }
      : body.kind === 'text'
        ? { type: 'string', contentMediaType: body.mediaType }
        : schema
  return {
    in: 'body',
    name: 'body',
    required: body.required,
    schema: { ...form, ...describe(body.description, schema) },
  }
}

function toBinding(parameter: Parameter, argument: string): ParameterBinding {
  const { name, style, explode, allowReserved, isJson, required } = parameter
  return { argument, name, in: parameter.in, style, explode, allowReserved, isJson, required }
}

function toBodyBinding(
  document: OpenApiDocument,
  body: RequestBody,
  { names, flat }: { names: readonly (readonly [string, string])[]; flat: PlainProperties | undefined },
): BodyBinding {
  const { mediaType, kind, required, encodings } = body
  const binary = kind === 'multipart' ? binaryProperties(document, body.schema, flat) : []
  return {
    mediaType,
    kind,
    required,
    properties: flat ? new Map(names) : undefined,
    argument: flat ? '' : names[0]![0],
    encodings,
    binary: new Set(binary),
    needs: flat ? [...flat.required].filter((name) => names.some(([, property]) => property === name)) : [],
  }
}

function binaryProperties(
  document: OpenApiDocument,
  schema: Place,
  flat: PlainProperties | undefined,
): string[] {
  if (flat) return [...flat.properties].filter(([, place]) => isBinary(document, place)).map(([name]) => name)
  const { value, pointer } = document.follow(schema)
  if (!isObject(value) || !isObject(value['properties'])) return []
  const properties = member({ value, pointer }, 'properties')
  return Object.keys(value['properties']).filter((name) =>
    isBinary(document, member({ value: properties.value as JsonObject, pointer: properties.pointer }, name)),
  )
}

/** OpenAPI 3.0: `format: binary`; 3.1: a content of a media type, or nothing said. Lists of such are files too. */
function isBinary(document: OpenApiDocument, place: Place, depth = 0): boolean {
  const { value, pointer } = document.follow(place)
  if (!isObject(value) || depth > 1) return false
  if (value['type'] === 'array') return isBinary(document, member({ value, pointer }, 'items'), depth + 1)
  const { format, contentEncoding, contentMediaType } = value
  return format === 'binary' || contentEncoding === 'base64' || typeof contentMediaType === 'string'
}
