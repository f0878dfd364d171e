import { member, members, type ObjectPlace, type OpenApiDocument, type Place } from './open-api-document.ts'
import type { Operation } from './read-operations.ts'
import type { Style } from './read-parameters.ts'

export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'binary'

/** How one property of a form is written (OpenAPI, Encoding Object). */
export interface PropertyEncoding {
  readonly contentType: string | undefined
  readonly style: Style | undefined
  readonly explode: boolean
  readonly allowReserved: boolean
}

/** The body that an operation takes, in the one media type that the hub sends. */
export interface RequestBody {
  readonly mediaType: string
  readonly kind: BodyKind
  readonly required: boolean
  readonly description: unknown
  readonly schema: Place
  readonly encodings: Readonly<Record<string, PropertyEncoding>>
}

/** The best first: what says most of a value's form. */
const ORDER: readonly BodyKind[] = ['json', 'multipart', 'form', 'text', 'binary']

/** Reads `requestBody`; undefined for an operation without one, or with one that says nothing of its content. */
export function readBody(document: OpenApiDocument, operation: Operation): RequestBody | undefined {
  const given = member(operation.place, 'requestBody')
  if (given.value === undefined) return undefined
  const place = document.object(given)
  const [chosen] = members(member(place, 'content'))
    .map(([mediaType, media]) => ({ mediaType, media, rank: rankOf(mediaType) }))
    .toSorted((one, other) => one.rank - other.rank)
  if (!chosen) return undefined
  const media = document.object(chosen.media)
  return {
    mediaType: chosen.mediaType.includes('*') ? 'application/octet-stream' : chosen.mediaType,
    kind: kindOf(chosen.mediaType),
    required: place.value['required'] === true,
    description: place.value['description'],
    schema: member(media, 'schema'),
    encodings: readEncodings(document, media),
  }
}

function rankOf(mediaType: string): number {
  const isPlainJson = essence(mediaType) === 'application/json'
  return isPlainJson ? -1 : ORDER.indexOf(kindOf(mediaType))
}

export function kindOf(mediaType: string): BodyKind {
  const type = essence(mediaType)
  if (isJsonType(type)) return 'json'
  if (type === 'multipart/form-data') return 'multipart'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  return isTextType(type) ? 'text' : 'binary'
}

export function essence(mediaType: string): string {
  return mediaType.split(';', 1)[0]!.trim().toLowerCase()
}

export function isJsonType(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json')
}

export function isTextType(type: string): boolean {
  return type.startsWith('text/') || type.endsWith('+xml') || type.endsWith('+yaml') || TEXT_TYPES.has(type)
}

const TEXT_TYPES: ReadonlySet<string> = new Set([
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
  'application/x-ndjson',
  'application/jsonl',
  'application/graphql',
  'application/sql',
])

function readEncodings(document: OpenApiDocument, media: ObjectPlace): Record<string, PropertyEncoding> {
  const found = members(member(media, 'encoding')).map(([name, place]) => {
    const { contentType, style, explode, allowReserved } = document.object(place).value
    const known = FORM_STYLES.find((one) => one === style)
    const encoding: PropertyEncoding = {
      contentType: typeof contentType === 'string' ? contentType.split(',', 1)[0]!.trim() : undefined,
      style: known,
      explode: typeof explode === 'boolean' ? explode : (known ?? 'form') === 'form',
      allowReserved: allowReserved === true,
    }
    return [name, encoding] as const
  })
  return Object.fromEntries(found)
}

const FORM_STYLES: readonly Style[] = ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject']
