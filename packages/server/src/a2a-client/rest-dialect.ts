import type { ParleyError } from '@parley/contract'
import { A2A_MEDIA_TYPE, fromHttpError, type OperationName, type StreamResponse } from '../a2a/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { HttpDialect, WrittenRequest } from './http-dialect.ts'
import { parseJson } from './parse-json.ts'
import type { Wording } from './wording.ts'
import { writePath } from './write-path.ts'

/** Of an error that comes as an event: the status of its stream was good. */
const STATUS_OF_EVENTS = 500
const NOTHING = Buffer.alloc(0)

/** HTTP+JSON (specification §11): an address for each operation, below that of the interface. */
export function createRestDialect(basePath: string, wording: Wording): HttpDialect {
  const { version } = wording
  const type = version === '1.0' ? A2A_MEDIA_TYPE : 'application/json'
  const common = `a2a-version: ${version}\r\ncontent-type: ${type}\r\naccept-encoding: identity\r\n`
  // The paths of 0.3 begin with /v1, and some of its agents say so in their address too.
  const base = basePath.replace(version === '1.0' ? /\/+$/ : /(?:\/v1)?\/*$/, '')

  function write(operation: OperationName, request: JsonObject): WrittenRequest {
    const [method, template] = wording.http(operation)
    const { path, rest } = writePath(base, template, request)
    const asked = { operation, path, id: 0 }
    if (operation === 'SubscribeToTask') return writeSubscription(asked, method)
    if (method === 'POST') {
      const json = version === '1.0' ? rest : wording.request(operation, request, 'HTTP+JSON')
      return { ...asked, method, body: Buffer.from(JSON.stringify(json)) }
    }
    const query = { ...asked, path: path + writeQuery(rest), body: NOTHING }
    return { ...query, method: method === 'DELETE' ? 'DELETE' : 'GET' }
  }

  return {
    wording,
    callHead: `${common}accept: ${A2A_MEDIA_TYPE}, application/json\r\n`,
    streamHead: `${common}accept: text/event-stream, ${A2A_MEDIA_TYPE}, application/json\r\n`,
    write,
    readAnswer({ operation }, status, body) {
      const answer = parseJson(body)
      return status >= 300 ? errorOf(status, answer) : wording.answer(operation, answer)
    },
    readEvent({ operation }, event): StreamResponse | ParleyError {
      const data = parseJson(Buffer.from(event.data))
      return errorOf(STATUS_OF_EVENTS, data) ?? (wording.answer(operation, data) as unknown as StreamResponse)
    },
  }
}

/** The protos have it as GET, §11.3.2 of 1.0 as POST without a body: an agent may know one of them alone. */
function writeSubscription(
  asked: Pick<WrittenRequest, 'operation' | 'path' | 'id'>,
  method: string,
): WrittenRequest {
  const post: WrittenRequest = { ...asked, method: 'POST', body: NOTHING }
  const get: WrittenRequest = { ...asked, method: 'GET', body: NOTHING }
  return method === 'POST' ? { ...post, otherwise: get } : { ...get, otherwise: post }
}

/**
 * `google.rpc.Status` below `error` (§11.6), in 0.3 a code and a message; undefined for anything else: then the HTTP
 * status speaks alone.
 */
function errorOf(status: number, body: unknown): ParleyError | undefined {
  if (!isObject(body)) return undefined
  const error = isObject(body['error']) ? body['error'] : body
  return typeof error['message'] === 'string' ? fromHttpError(status, body) : undefined
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
