import type { JsonObject } from '../lib/json-rpc.ts'
import { checkRequest, refuseFields } from './check-request.ts'
import { SHAPES, type FieldShape } from './message-shapes.ts'
import { OPERATIONS, type OperationName } from './operations.ts'

/**
 * The request of HTTP+JSON that has no body (specification §11.5): fields in the path, which win, and parameters in
 * camelCase. Parameters that nobody knows are passed over. Throws `invalid_params`.
 */
export function requestFromQuery(
  operation: OperationName,
  path: Readonly<Record<string, string>>,
  query: URLSearchParams,
): JsonObject {
  const shape = SHAPES[OPERATIONS[operation].request]
  const request: Record<string, unknown> = {}
  for (const name of new Set(query.keys())) {
    const field = shape.byName.get(name) ?? shape.byProtoName.get(name)
    if (field === undefined || Object.hasOwn(path, field.name)) continue
    const given = query.getAll(name)
    if ((given.length > 1 && !field.isList) || Object.hasOwn(request, field.name))
      throw refuseFields([{ field: field.name, description: 'Is given twice.' }])
    request[field.name] = readParameter(field, given)
  }
  return checkRequest(operation, { ...request, ...path })
}

/** As JSON would have it; what is none of its values is left for the check to refuse. */
function readParameter(field: FieldShape, given: readonly string[]): unknown {
  if (field.isList) return given
  const [text] = given
  // An empty parameter is as not set.
  if (text === '' && field.value.kind !== 'string') return undefined
  if (field.value.kind !== 'bool') return text
  return text === 'true' ? true : text === 'false' ? false : text
}
