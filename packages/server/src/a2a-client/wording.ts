import { ParleyError } from '@parley/contract'
import {
  answerFromV03,
  checkAnswer,
  decodeAnswer,
  decodeV03Answer,
  encodeRequest,
  encodeV03Request,
  OPERATIONS,
  requestToV03,
  V03_GRPC_SERVICE,
  V03_METHODS,
  type A2aVersion,
  type Binding,
  type OperationName,
  type V03Method,
} from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/** How one version of A2A names the operations and says their requests and answers; inside, all is of 1.0. */
export interface Wording {
  readonly version: A2aVersion
  /** The header, or metadata, that names extensions. */
  readonly extensionsHeader: string
  supports(operation: OperationName): boolean
  /** Names and paths; they throw `unsupported_operation` for what the version does not have. */
  jsonRpcMethod(operation: OperationName): string
  http(operation: OperationName): readonly [method: string, path: string]
  grpcPath(operation: OperationName): string
  request(operation: OperationName, request: JsonObject, binding: Binding): JsonObject
  /** Throws `upstream_invalid`; so do the bytes. */
  answer(operation: OperationName, result: unknown): JsonObject
  encode(operation: OperationName, request: JsonObject): Buffer
  decode(operation: OperationName, bytes: Buffer): JsonObject
}

const V10: Wording = {
  version: '1.0',
  extensionsHeader: 'a2a-extensions',
  supports: () => true,
  jsonRpcMethod: (operation) => operation,
  http: (operation) => OPERATIONS[operation].http,
  grpcPath: (operation) => `/lf.a2a.v1.A2AService/${operation}`,
  request: (_, request) => request,
  answer: (operation, result) => (isEmpty(operation) ? {} : checkAnswer(operation, result)),
  encode: encodeRequest,
  decode: (operation, bytes) => (isEmpty(operation) ? {} : decodeAnswer(operation, bytes)),
}

const V03: Wording = {
  version: '0.3',
  extensionsHeader: 'x-a2a-extensions',
  supports: (operation) => V03_METHODS[operation] !== undefined,
  jsonRpcMethod: (operation) => methodOf(operation).jsonRpc,
  http: (operation) => methodOf(operation).http,
  grpcPath: (operation) => `/${V03_GRPC_SERVICE}/${methodOf(operation).grpc}`,
  request: requestToV03,
  answer: answerFromV03,
  encode: encodeV03Request,
  decode: decodeV03Answer,
}

export const WORDINGS: Readonly<Record<A2aVersion, Wording>> = { '1.0': V10, '0.3': V03 }

function methodOf(operation: OperationName): V03Method {
  const method = V03_METHODS[operation]
  if (method) return method
  throw new ParleyError('unsupported_operation', `The agent speaks A2A 0.3, which has no ${operation}.`)
}

/** `google.protobuf.Empty`: agents answer with null, with nothing, or with what was deleted. */
function isEmpty(operation: OperationName): boolean {
  return operation === 'DeleteTaskPushNotificationConfig'
}
