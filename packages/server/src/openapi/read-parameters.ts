import type { JsonObject } from '../lib/json-rpc.ts'
import {
  below,
  member,
  members,
  type ObjectPlace,
  type OpenApiDocument,
  type Place,
} from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import type { Operation } from './read-operations.ts'

export type ParameterIn = 'path' | 'query' | 'header' | 'cookie'

/** How values of a parameter are written (OpenAPI, Style Values). */
export type Style = 'simple' | 'form' | 'label' | 'matrix' | 'deepObject' | 'spaceDelimited' | 'pipeDelimited'

export interface Parameter {
  readonly name: string
  readonly in: ParameterIn
  readonly required: boolean
  readonly description: unknown
  readonly deprecated: boolean
  readonly style: Style
  readonly explode: boolean
  /** Reserved characters stay as they are, except those that would end the value. */
  readonly allowReserved: boolean
  /** The value is written as JSON, whatever its style. */
  readonly isJson: boolean
  readonly schema: Place
}

const STYLES: Readonly<Record<ParameterIn, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}

/** What the hub writes itself, and what would change where a message ends or who is asked. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  // OpenAPI, Parameter Object: these three are to be ignored.
  'accept',
  'content-type',
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'accept-encoding',
  'content-encoding',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const MAX_PARAMETERS = 200

/** The parameters of an operation, those of its path included; its own replace them by name and place. */
export function readParameters(document: OpenApiDocument, operation: Operation): readonly Parameter[] {
  if (operation.parameters.length > MAX_PARAMETERS)
    throw new OpenApiProblem(
      below(operation.place.pointer, 'parameters'),
      `There are more than ${MAX_PARAMETERS} parameters`,
    )
  const found = new Map<string, Parameter>()
  for (const place of operation.parameters) {
    const parameter = readParameter(document, document.object(place))
    if (parameter) found.set(`${parameter.in} ${parameter.name}`, parameter)
  }
  return [...found.values()]
}

function readParameter(document: OpenApiDocument, place: ObjectPlace): Parameter | undefined {
  const { value, pointer } = place
  const { name, in: where } = value
  if (typeof name !== 'string' || name === '') throw new OpenApiProblem(pointer, 'A parameter has no name')
  if (!isIn(where))
    throw new OpenApiProblem(below(pointer, 'in'), `A parameter stands in path, query, header or cookie`)
  if (where === 'header' && OWN_HEADERS.has(name.toLowerCase())) return undefined
  if ((where === 'header' || where === 'cookie') && !TOKEN.test(name))
    throw new OpenApiProblem(
      below(pointer, 'name'),
      `No ${where} can have the name ${JSON.stringify(name.slice(0, 60))}`,
    )
  const style = readStyle(value, where, pointer)
  const [media] = members(member(place, 'content'))
  return {
    name,
    in: where,
    required: where === 'path' || value['required'] === true,
    description: value['description'],
    deprecated: value['deprecated'] === true,
    style,
    // OpenAPI, Parameter Object: true for form, false for all others.
    explode: typeof value['explode'] === 'boolean' ? value['explode'] : style === 'form',
    allowReserved: where === 'query' && value['allowReserved'] === true,
    isJson: media !== undefined,
    schema: media ? member(document.object(media[1]), 'schema') : member(place, 'schema'),
  }
}

function readStyle(value: JsonObject, where: ParameterIn, pointer: string): Style {
  const styles = STYLES[where]
  const given = value['style'] ?? styles[0]
  const style = styles.find((one) => one === given)
  if (style) return style
  throw new OpenApiProblem(below(pointer, 'style'), `A ${where} parameter has the style ${styles.join(', ')}`)
}

function isIn(value: unknown): value is ParameterIn {
  return value === 'path' || value === 'query' || value === 'header' || value === 'cookie'
}
