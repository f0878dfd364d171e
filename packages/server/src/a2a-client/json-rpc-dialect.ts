import { ParleyError } from '@parley/contract'
import { fromJsonRpcError, type OperationName, type StreamResponse } from '../a2a/index.ts'
import { isObject, isRpcError, type JsonObject } from '../lib/json-rpc.ts'
import type { HttpDialect, WrittenRequest } from './http-dialect.ts'
import { parseJson } from './parse-json.ts'
import { invalidAnswer } from './status-error.ts'
import type { Wording } from './wording.ts'

/** JSON-RPC (specification §9): one POST to one address for everything. */
export function createJsonRpcDialect(path: string, wording: Wording): HttpDialect {
  const common = `a2a-version: ${wording.version}\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n`
  let lastId = 0

  function write(operation: OperationName, request: JsonObject): WrittenRequest {
    const id = ++lastId
    const method = wording.jsonRpcMethod(operation)
    const params = JSON.stringify(wording.request(operation, request, 'JSONRPC'))
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`
    return { operation, method: 'POST', path, body: Buffer.from(text), id }
  }

  return {
    wording,
    callHead: `${common}accept: application/json\r\n`,
    // An error may be told without a stream.
    streamHead: `${common}accept: text/event-stream, application/json\r\n`,
    write,
    readAnswer({ operation, id }, status, body) {
      const message = parseJson(body)
      // Under an error status a body may be anything: then the status alone tells what there is to know.
      if (status >= 300 && !isRpcErrorMessage(message)) return undefined
      const result = resultOf(message, id)
      return result instanceof ParleyError ? result : wording.answer(operation, result)
    },
    readEvent({ operation, id }, event): StreamResponse | ParleyError {
      const result = resultOf(parseJson(Buffer.from(event.data)), id)
      if (result instanceof ParleyError) return result
      return wording.answer(operation, result) as unknown as StreamResponse
    },
  }
}

/** The result of a JSON-RPC response, or the agent's error (JSON-RPC 2.0 §5). */
function resultOf(message: unknown, id: number): unknown {
  if (!isObject(message) || message['jsonrpc'] !== '2.0') throw invalidAnswer('is no JSON-RPC message')
  const { error } = message
  if (error !== undefined) {
    // A request that could not be read is answered without its id (§5).
    if (!isRpcError(error) || (message['id'] !== id && (message['id'] ?? null) !== null))
      throw invalidAnswer('is no JSON-RPC error of this request')
    return fromJsonRpcError(error)
  }
  if (message['id'] !== id) throw invalidAnswer('is one to another request')
  if (message['result'] === undefined) throw invalidAnswer('has neither result nor error')
  return message['result']
}

function isRpcErrorMessage(message: unknown): boolean {
  return isObject(message) && isRpcError(message['error'])
}
