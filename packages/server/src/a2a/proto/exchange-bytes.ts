import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { checkAnswer, checkRequest } from '../check-request.ts'
import { OPERATIONS, type OperationName } from '../operations.ts'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'

/** A request as it came over gRPC, checked; throws `invalid_params`. */
export function decodeRequest(operation: OperationName, bytes: Buffer): JsonObject {
  return checkRequest(operation, decodeMessage(OPERATIONS[operation].request, bytes))
}

export function encodeRequest(operation: OperationName, request: JsonObject): Buffer {
  return encodeMessage(OPERATIONS[operation].request, request)
}

/** What an agent answered over gRPC, or one event of its stream, checked; throws `upstream_invalid`. */
export function decodeAnswer(operation: OperationName, bytes: Buffer): JsonObject {
  const name = OPERATIONS[operation].response
  let answer: JsonObject
  try {
    answer = decodeMessage(name, bytes)
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    throw new ParleyError('upstream_invalid', `The agent's answer is no ${name}. ${error.message}`, {
      cause: error,
    })
  }
  return checkAnswer(operation, answer)
}

export function encodeAnswer(operation: OperationName, answer: JsonObject): Buffer {
  return encodeMessage(OPERATIONS[operation].response, answer)
}
