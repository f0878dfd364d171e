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
  return checkAnswer(
    operation,
    blameAgent(() => decodeMessage(name, bytes)),
  )
}

/** What is wrong with the bytes is the agent's fault, not the caller's. */
export function blameAgent(decode: () => JsonObject): JsonObject {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    throw new ParleyError('upstream_invalid', `The agent's answer cannot be read. ${error.message}`, {
      cause: error,
    })
  }
}

export function encodeAnswer(operation: OperationName, answer: JsonObject): Buffer {
  return encodeMessage(OPERATIONS[operation].response, answer)
}
