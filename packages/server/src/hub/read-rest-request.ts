import { ParleyError } from '@parley/contract'
import {
  checkRequest,
  refuseFields,
  requestFromV03,
  type A2aVersion,
  type OperationName,
} from '../a2a/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { parseStrict } from '../lib/strict-json/index.ts'
import type { MatchedRoute } from './match-route.ts'

/** What may stand in the address of a request without a body (specification §11.5). */
const QUERY: { readonly [name in OperationName]?: readonly string[] } = {
  GetTask: ['historyLength'],
  ListTasks: [
    'contextId',
    'status',
    'pageSize',
    'pageToken',
    'historyLength',
    'statusTimestampAfter',
    'includeArtifacts',
  ],
  ListTaskPushNotificationConfigs: ['pageSize', 'pageToken'],
}

/** The request that path, query and body make together, checked; throws `invalid_json` and `invalid_params`. */
export function readRestRequest(
  { operation, fields }: MatchedRoute,
  { version, url, body }: { version: A2aVersion; url: string; body: Buffer | undefined },
): JsonObject {
  const given = body === undefined ? readQuery(operation, url) : readJson(body)
  for (const [name, value] of Object.entries(fields)) {
    const other = given[name]
    if (other !== undefined && other !== null && other !== '' && other !== value)
      throw refuseFields([{ field: name, description: 'Is another one in the path.' }])
  }
  const asked = { ...given, ...fields }
  if (version === '1.0') return checkRequest(operation, asked)
  // What names a configuration in the path has a name of its own in 0.3.
  const { id, ...rest } = asked
  const named = fields['taskId'] === undefined ? asked : { ...rest, pushNotificationConfigId: id }
  return requestFromV03(
    operation,
    operation === 'CreateTaskPushNotificationConfig' ? asked : named,
    'HTTP+JSON',
  )
}

/** Clients of 0.3 send `null` where they have nothing to say, and others nothing at all. */
function readJson(body: Buffer): JsonObject {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = parseStrict(body)
  } catch (cause) {
    throw new ParleyError('invalid_json', 'Invalid JSON payload', { cause })
  }
  if (value === null) return {}
  if (isObject(value)) return value
  throw refuseFields([{ field: '', description: 'The body must be an object.' }])
}

/** What is not known here is passed over, and what is empty is not set. */
function readQuery(operation: OperationName, url: string): JsonObject {
  const start = url.indexOf('?')
  if (start < 0) return {}
  const known = new Set([...(QUERY[operation] ?? []), 'tenant'])
  const request: Record<string, unknown> = {}
  for (const [key, value] of new URLSearchParams(url.slice(start + 1))) {
    const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!known.has(name) || value === '') continue
    if (Object.hasOwn(request, name)) throw refuseFields([{ field: name, description: 'Is given twice.' }])
    request[name] = name === 'includeArtifacts' ? toBoolean(value) : value
  }
  return request
}

function toBoolean(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text
}
