import { member, members, type ObjectPlace, type OpenApiDocument, type Place } from './open-api-document.ts'
import type { Operation } from './read-operations.ts'
import { essence, isJsonType } from './read-body.ts'

/** What the document says of the answer to an operation. */
export interface Answer {
  /** What the hub asks for. */
  readonly accept: string
  /** The schema of the JSON that comes when all goes well. */
  readonly schema: Place | undefined
  /** Where the answer says how to go on: descriptions of its links (OpenAPI, Link Object). */
  readonly links: readonly string[]
}

const MAX_LINKS = 5

/** Reads the first answer of success, `200` before others, `2XX` and `default` last. */
export function readAnswer(document: OpenApiDocument, operation: Operation): Answer {
  const [chosen] = members(member(operation.place, 'responses'))
    .map(([status, place]) => ({ status, place, rank: rankOf(status) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((one, other) => one.rank! - other.rank!)
  if (!chosen) return { accept: ANY, schema: undefined, links: [] }
  const response = document.object(chosen.place)
  const content = members(member(response, 'content'))
  const json = content.find(([mediaType]) => isJsonType(essence(mediaType)))
  return {
    accept: acceptOf(content.map(([mediaType]) => essence(mediaType))),
    schema: json && chosen.status !== 'default' ? schemaOf(document.object(json[1])) : undefined,
    links: members(member(response, 'links'))
      .slice(0, MAX_LINKS)
      .flatMap(([name, link]) => describeLink(document, name, link)),
  }
}

const ANY = 'application/json, */*;q=0.5'

function acceptOf(mediaTypes: readonly string[]): string {
  const plain = mediaTypes
    .filter((type) => /^[\w.+-]+\/[\w.+-]+$/.test(type))
    .toSorted(byJson)
    .slice(0, 4)
  return plain.length === 0 ? ANY : [...plain, '*/*;q=0.1'].join(', ')
}

function byJson(one: string, other: string): number {
  return Number(isJsonType(other)) - Number(isJsonType(one))
}

function rankOf(status: string): number | undefined {
  if (/^2\d\d$/.test(status)) return Number(status)
  if (/^2XX$/i.test(status)) return 300
  return status === 'default' ? 400 : undefined
}

function schemaOf(media: ObjectPlace): Place | undefined {
  const schema = member(media, 'schema')
  return schema.value === undefined ? undefined : schema
}

function describeLink(document: OpenApiDocument, name: string, place: Place): string[] {
  const { operationId, description } = document.object(place).value
  if (typeof operationId === 'string') return [`${name} → ${operationId}`.slice(0, 120)]
  return typeof description === 'string' ? [`${name}: ${description}`.slice(0, 120)] : []
}
