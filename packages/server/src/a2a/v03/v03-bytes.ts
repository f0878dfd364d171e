import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../../lib/json-rpc.ts'
import type { MessageShape } from '../message-shapes.ts'
import type { OperationName } from '../operations.ts'
import { decodeShape } from '../proto/decode-message.ts'
import { encodeShape } from '../proto/encode-message.ts'
import { blameAgent } from '../proto/exchange-bytes.ts'
import { answerFromV03, answerToV03 } from './answers.ts'
import { V03_METHODS } from './methods.ts'
import { requestFromV03, requestToV03 } from './requests.ts'
import { V03_SHAPES } from './v03-schema.ts'

/** A request of 0.3 over gRPC as the request of 1.0 that it is; throws `invalid_params`. */
export function decodeV03Request(operation: OperationName, bytes: Buffer): JsonObject {
  return requestFromV03(operation, decodeShape(shapeOf(operation, 'grpcRequest'), bytes), 'GRPC')
}

export function encodeV03Request(operation: OperationName, request: JsonObject): Buffer {
  return encodeShape(shapeOf(operation, 'grpcRequest'), requestToV03(operation, request, 'GRPC'))
}

/** What an agent of 0.3 answered over gRPC, or one event of its stream, as of 1.0; throws `upstream_invalid`. */
export function decodeV03Answer(operation: OperationName, bytes: Buffer): JsonObject {
  return answerFromV03(
    operation,
    blameAgent(() => decodeShape(shapeOf(operation, 'grpcResponse'), bytes)),
  )
}

export function encodeV03Answer(operation: OperationName, answer: JsonObject): Buffer {
  const translated = answerToV03(operation, answer, 'GRPC') as JsonObject
  return encodeShape(shapeOf(operation, 'grpcResponse'), translated)
}

function shapeOf(operation: OperationName, side: 'grpcRequest' | 'grpcResponse'): MessageShape {
  const method = V03_METHODS[operation]
  if (method === undefined) throw new ParleyError('method_not_found', `A2A 0.3 has no ${operation}.`)
  return V03_SHAPES[method[side]]!
}
