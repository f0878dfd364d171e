import type { ParleyError } from '@parley/contract'
import { checkAnswer, OPERATIONS, type OperationName, type StreamResponse } from '../a2a/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { fromHttpAgentError } from './from-agent-error.ts'
import type { HttpDialect, WrittenRequest } from './http-dialect.ts'
import { parseJson } from './parse-json.ts'
import { writePath } from './write-path.ts'

const COMMON = 'a2a-version: 1.0\r\ncontent-type: application/a2a+json\r\naccept-encoding: identity\r\n'
const NOTHING = Buffer.alloc(0)

/** HTTP+JSON of 1.0 (specification §11): an address for each operation, below that of the interface. */
export function createRestDialect(basePath: string): HttpDialect {
  const base = basePath.replace(/\/+$/, '')

  function write(operation: OperationName, request: JsonObject): WrittenRequest {
    const [method, template] = OPERATIONS[operation].http
    const { path, rest } = writePath(base, template, request)
    // The proto has it as GET, §11.3.2 as POST without a body: an agent may know one of them alone.
    if (operation === 'SubscribeToTask') {
      const asGet: WrittenRequest = { operation, method: 'GET', path, body: NOTHING, id: 0 }
      return { operation, method: 'POST', path, body: NOTHING, id: 0, otherwise: asGet }
    }
    if (method === 'POST') return { operation, method, path, body: Buffer.from(JSON.stringify(rest)), id: 0 }
    return { operation, method, path: path + writeQuery(rest), body: NOTHING, id: 0 }
  }

  return {
    callHead: `${COMMON}accept: application/a2a+json, application/json\r\n`,
    streamHead: `${COMMON}accept: text/event-stream, application/a2a+json, application/json\r\n`,
    supports: () => true,
    write,
    readAnswer(written, status, body) {
      const answer = parseJson(body)
      if (status >= 300) return errorOf(status, answer)
      if (written.operation === 'DeleteTaskPushNotificationConfig') return {}
      return checkAnswer(written.operation, answer)
    },
    readEvent(written, event): StreamResponse | ParleyError {
      const data = parseJson(Buffer.from(event.data))
      const error = event.event === 'error' || isObject(data) ? errorOf(undefined, data) : undefined
      return error ?? (checkAnswer(written.operation, data) as unknown as StreamResponse)
    },
  }
}

/** `google.rpc.Status` below `error` (§11.6); undefined for anything else, and for all that the status says alone. */
function errorOf(status: number | undefined, body: unknown): ParleyError | undefined {
  if (!isObject(body) || !isObject(body['error'])) return undefined
  return fromHttpAgentError(status, body['error'])
}

/** What has no place in the path, as camelCase parameters (§11.5); nested objects have none there. */
function writeQuery(fields: JsonObject): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      query.set(name, String(value))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}
