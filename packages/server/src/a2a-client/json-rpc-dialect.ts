import { ParleyError } from '@parley/contract'
import { checkAnswer, type OperationName, type StreamResponse } from '../a2a/index.ts'
import { isObject, isRpcError, type JsonObject } from '../lib/json-rpc.ts'
import { fromAgentError } from './from-agent-error.ts'
import type { HttpDialect, WrittenRequest } from './http-dialect.ts'
import { parseJson } from './parse-json.ts'
import { invalidAnswer } from './status-error.ts'

const VERSION = 'a2a-version: 1.0\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n'

/** JSON-RPC of 1.0 (specification §9): one POST to one address for everything. */
export function createJsonRpcDialect(path: string): HttpDialect {
  let lastId = 0

  function write(operation: OperationName, request: JsonObject): WrittenRequest {
    const id = ++lastId
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${operation}","params":${JSON.stringify(request)}}`
    return { operation, method: 'POST', path, body: Buffer.from(text), id }
  }

  return {
    callHead: `${VERSION}accept: application/json\r\n`,
    // An error may be told without a stream.
    streamHead: `${VERSION}accept: text/event-stream, application/json\r\n`,
    supports: () => true,
    write,
    readAnswer(written, status, body) {
      const message = parseJson(body)
      // Under an error status a body may be anything: then the status alone tells what there is to know.
      if (status >= 300 && !isRpcErrorMessage(message)) return undefined
      const result = resultOf(message, written.id)
      return result instanceof ParleyError ? result : answerOf(written.operation, result)
    },
    readEvent(written, event): StreamResponse | ParleyError {
      const result = resultOf(parseJson(Buffer.from(event.data)), written.id)
      if (result instanceof ParleyError) return result
      return checkAnswer(written.operation, result) as unknown as StreamResponse
    },
  }
}

function answerOf(operation: OperationName, result: unknown): JsonObject {
  // `google.protobuf.Empty`: agents answer with null, with nothing, or with what was deleted.
  return operation === 'DeleteTaskPushNotificationConfig' ? {} : checkAnswer(operation, result)
}

/** The result of a JSON-RPC response, or the agent's error (JSON-RPC 2.0 §5). */
function resultOf(message: unknown, id: number): unknown {
  if (!isObject(message) || message['jsonrpc'] !== '2.0') throw invalidAnswer('is no JSON-RPC message')
  const { error } = message
  if (error !== undefined) {
    // A request that could not be read is answered without its id (§5).
    if (!isRpcError(error) || (message['id'] !== id && (message['id'] ?? null) !== null))
      throw invalidAnswer('is no JSON-RPC error of this request')
    return fromAgentError(error)
  }
  if (message['id'] !== id) throw invalidAnswer('is one to another request')
  if (message['result'] === undefined) throw invalidAnswer('has neither result nor error')
  return message['result']
}

function isRpcErrorMessage(message: unknown): boolean {
  return isObject(message) && isRpcError(message['error'])
}
