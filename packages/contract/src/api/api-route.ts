import { z } from 'zod'
import { ID_PREFIXES, type Id, type IdKind } from '../ids.ts'
import type { ManagementAction } from '../management-action.ts'

/** What a management route declares: validation, authorization, the OpenAPI document and all types come from it. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Each `{name}` is one of `PATH_PARAMETERS`. */
  readonly path: string
  readonly summary: string
  /** What a role of the caller must include. */
  readonly action: ManagementAction
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Largest body, where a megabyte is not enough. */
  readonly bodyBytes?: number
  readonly response: z.ZodType
}

interface PathParameter {
  readonly pattern: string
  /** What an address without one means, for people. */
  readonly is: string
}

/** What may stand in a path, by the parameter's name. */
export const PATH_PARAMETERS = {
  name: { pattern: '^[a-z0-9-]{1,40}$', is: 'a name of lower-case letters, digits and hyphens' },
  person: idParameter('person'),
  group: idParameter('group'),
  invitation: idParameter('invitation'),
  session: idParameter('session'),
  app: idParameter('app'),
  agent: idParameter('agent'),
  grant: idParameter('grant'),
  resource: idParameter('resource'),
  connection: idParameter('connection'),
  task: idParameter('task'),
  kid: { pattern: '^[A-Za-z0-9._~:-]{1,128}$', is: 'the kid of a key' },
  webhook: idParameter('webhook'),
} as const satisfies Record<string, PathParameter>

export type PathParameterName = keyof typeof PATH_PARAMETERS
type PathParameterValue<name extends PathParameterName> = name extends IdKind ? Id<name> : string

type ParameterNames<path extends string> = path extends `${string}{${infer name}}${infer rest}`
  ? name | ParameterNames<rest>
  : never

/** The path's parameters, each with the type of its kind. */
export type RouteParameters<path extends string> = {
  readonly [name in ParameterNames<path> & PathParameterName]: PathParameterValue<name>
}

function idParameter(kind: IdKind): PathParameter {
  return { pattern: idPattern(kind), is: `the id of a ${kind}, ${ID_PREFIXES[kind]}_…` }
}

function idPattern(kind: IdKind): string {
  return `^${ID_PREFIXES[kind]}_[0-9A-HJKMNP-TV-Z]{26}$`
}

/** An id in a body, a query or an answer. */
export function idOf<kind extends IdKind>(kind: kind): z.ZodType<Id<kind>, Id<kind>> {
  return z.string().regex(new RegExp(idPattern(kind)), `the id of a ${kind}`) as unknown as z.ZodType<
    Id<kind>,
    Id<kind>
  >
}

/** One page of a list that may grow, in an order that does not change, at most `PAGE_SIZE` items. */
export const PAGE_SIZE = 100

/** `after` a page is its last id; `next` of an answer is what to send, null on the last page. */
export const pageQuery = z.strictObject({
  after: z.string().min(1).max(200).optional().describe('Go on after this id: `next` of the page before.'),
})

export const nextPage = z.string().nullable()

/** Milliseconds since the epoch. */
export const instant = z.number()

export const text = (maxLength: number) => z.string().min(1).max(maxLength)
