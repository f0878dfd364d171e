import {
  below,
  items,
  member,
  members,
  type ObjectPlace,
  type OpenApiDocument,
  type Place,
} from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'

/** OpenAPI, Path Item Object; `query` is of 3.2. CONNECT and TRACE are nothing that a server should be asked. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

export type OperationMethod = Uppercase<(typeof METHODS)[number]>

/** One operation of the document, as it stands there. */
export interface Operation {
  readonly method: OperationMethod
  /** As written: `/pets/{id}`. */
  readonly path: string
  readonly operationId: string | undefined
  readonly tags: readonly string[]
  readonly deprecated: boolean
  readonly place: ObjectPlace
  /** Its own parameters and those of its path, unresolved. */
  readonly parameters: readonly Place[]
  /** The nearest list of servers: the operation's, its path's; undefined where the document's own hold. */
  readonly servers: Place | undefined
}

/** Every operation of the document, in its order; `onProblem` is told of what cannot be read. */
export function readOperations(
  document: OpenApiDocument,
  onProblem: (problem: OpenApiProblem) => void,
): readonly Operation[] {
  const paths = document.at('/paths')
  return members(paths).flatMap(([path, place]) => {
    if (!path.startsWith('/')) return []
    try {
      return readPath(document, path, document.object(place))
    } catch (error) {
      if (!(error instanceof OpenApiProblem)) throw error
      onProblem(error)
      return []
    }
  })
}

function readPath(document: OpenApiDocument, path: string, item: ObjectPlace): Operation[] {
  return METHODS.flatMap((method) => {
    const found = member(item, method)
    if (found.value === undefined) return []
    const place = document.object(found)
    const { operationId, tags, deprecated } = place.value
    const own = member(place, 'servers')
    const shared = member(item, 'servers')
    return [
      {
        method: method.toUpperCase() as OperationMethod,
        path,
        operationId: typeof operationId === 'string' && operationId !== '' ? operationId : undefined,
        tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
        deprecated: deprecated === true,
        place,
        parameters: [
          ...items(member(item, 'parameters')),
          ...items({ value: place.value['parameters'], pointer: below(place.pointer, 'parameters') }),
        ],
        servers: own.value === undefined ? (shared.value === undefined ? undefined : shared) : own,
      },
    ]
  })
}
