import { isObject } from '../lib/json-rpc.ts'
import { items, member, members, type OpenApiDocument, type Place } from './open-api-document.ts'
import type { Operation } from './read-operations.ts'

/** Where a credential of the service goes (OpenAPI, Security Scheme Object). */
export type SecurityScheme =
  | {
      readonly kind: 'key'
      readonly name: string
      readonly in: 'header' | 'query' | 'cookie'
      readonly parameter: string
    }
  | { readonly kind: 'bearer' | 'basic'; readonly name: string }
  /** OAuth 2, OpenID Connect and whatever else: what they come to is a bearer token. */
  | { readonly kind: 'oauth'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string }

/** One way to be let in: all of its schemes together. An empty one needs nothing. */
export type SecurityChoice = readonly SecurityScheme[]

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/

/** The ways to be let in to an operation, the document's own where it has none of its own. */
export function readSecurity(document: OpenApiDocument, operation: Operation): readonly SecurityChoice[] {
  const own = member(operation.place, 'security')
  const choices = own.value === undefined ? document.at('/security') : own
  return items(choices).map((choice) => members(choice).map(([name]) => readScheme(document, name)))
}

function readScheme(document: OpenApiDocument, name: string): SecurityScheme {
  const schemes: Place = document.at('/components/securitySchemes')
  const found = members(schemes).find(([key]) => key === name)
  const { value } = found ? document.follow(found[1]) : { value: undefined }
  if (!isObject(value)) return { kind: 'other', name }
  const { type, scheme, in: where, name: parameter } = value
  if (type === 'apiKey') {
    const isPlace = where === 'header' || where === 'query' || where === 'cookie'
    const isName =
      typeof parameter === 'string' && (where === 'query' ? parameter !== '' : TOKEN.test(parameter))
    return isPlace && isName
      ? { kind: 'key', name, in: where, parameter: parameter as string }
      : { kind: 'other', name }
  }
  if (type === 'http' && typeof scheme === 'string') {
    const kind = scheme.toLowerCase()
    return kind === 'bearer' || kind === 'basic' ? { kind, name } : { kind: 'other', name }
  }
  return type === 'oauth2' || type === 'openIdConnect' ? { kind: 'oauth', name } : { kind: 'other', name }
}
