import type { ErrorCode } from '@parley/contract'

/** gRPC status codes by name (the ones in use). */
export const GRPC_STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const
export type GrpcStatusName = keyof typeof GRPC_STATUS

export interface A2aErrorForm {
  /** `google.rpc.ErrorInfo.reason`, in the domain below for A2A's own errors, in Parley's for the rest. */
  readonly reason: string
  readonly isOfA2a: boolean
  readonly jsonRpc: number
  readonly grpc: GrpcStatusName
  readonly http: number
}

export const A2A_ERROR_DOMAIN = 'a2a-protocol.org'
export const PARLEY_ERROR_DOMAIN = 'parley'

const a2a = (reason: string, jsonRpc: number, grpc: GrpcStatusName, http: number): A2aErrorForm => ({
  reason,
  isOfA2a: true,
  jsonRpc,
  grpc,
  http,
})
const own = (reason: string, jsonRpc: number, grpc: GrpcStatusName, http: number): A2aErrorForm => ({
  ...a2a(reason, jsonRpc, grpc, http),
  isOfA2a: false,
})

/**
 * How each error is said in A2A (specification §5.4 and §9.5). Parley's own JSON-RPC codes stand outside the range
 * that A2A keeps for itself, as they do in MCP.
 */
export const A2A_ERRORS: Readonly<Record<ErrorCode, A2aErrorForm>> = {
  task_not_found: a2a('TASK_NOT_FOUND', -32001, 'NOT_FOUND', 404),
  task_not_cancelable: a2a('TASK_NOT_CANCELABLE', -32002, 'FAILED_PRECONDITION', 400),
  push_not_supported: a2a('PUSH_NOTIFICATION_NOT_SUPPORTED', -32003, 'FAILED_PRECONDITION', 400),
  unsupported_operation: a2a('UNSUPPORTED_OPERATION', -32004, 'FAILED_PRECONDITION', 400),
  content_type_not_supported: a2a('CONTENT_TYPE_NOT_SUPPORTED', -32005, 'INVALID_ARGUMENT', 400),
  upstream_invalid: a2a('INVALID_AGENT_RESPONSE', -32006, 'INTERNAL', 500),
  extended_card_not_configured: a2a('EXTENDED_AGENT_CARD_NOT_CONFIGURED', -32007, 'FAILED_PRECONDITION', 400),
  extension_required: a2a('EXTENSION_SUPPORT_REQUIRED', -32008, 'FAILED_PRECONDITION', 400),
  unsupported_version: a2a('VERSION_NOT_SUPPORTED', -32009, 'FAILED_PRECONDITION', 400),
  invalid_json: own('INVALID_JSON', -32700, 'INVALID_ARGUMENT', 400),
  invalid_request: own('INVALID_REQUEST', -32600, 'INVALID_ARGUMENT', 400),
  invalid_params: own('INVALID_PARAMS', -32602, 'INVALID_ARGUMENT', 400),
  header_mismatch: own('INVALID_REQUEST', -32600, 'INVALID_ARGUMENT', 400),
  missing_capability: own('MISSING_CAPABILITY', -32602, 'FAILED_PRECONDITION', 400),
  unauthenticated: own('UNAUTHENTICATED', 4701, 'UNAUTHENTICATED', 401),
  forbidden: own('FORBIDDEN', 4703, 'PERMISSION_DENIED', 403),
  origin_refused: own('ORIGIN_REFUSED', 4703, 'PERMISSION_DENIED', 403),
  not_found: own('NOT_FOUND', 4704, 'NOT_FOUND', 404),
  method_not_found: own('METHOD_NOT_FOUND', -32601, 'UNIMPLEMENTED', 404),
  session_not_found: own('NOT_FOUND', 4705, 'NOT_FOUND', 404),
  method_not_allowed: own('METHOD_NOT_ALLOWED', -32600, 'INVALID_ARGUMENT', 405),
  not_acceptable: own('NOT_ACCEPTABLE', -32600, 'INVALID_ARGUMENT', 406),
  conflict: own('CONFLICT', 4709, 'FAILED_PRECONDITION', 409),
  too_large: own('TOO_LARGE', -32600, 'RESOURCE_EXHAUSTED', 413),
  unsupported_media_type: own('UNSUPPORTED_MEDIA_TYPE', -32600, 'INVALID_ARGUMENT', 415),
  host_refused: own('HOST_REFUSED', 4721, 'PERMISSION_DENIED', 421),
  quarantined: own('QUARANTINED', 4710, 'PERMISSION_DENIED', 403),
  connection_needed: own('CONNECTION_NEEDED', 4711, 'PERMISSION_DENIED', 403),
  rate_limited: own('RATE_LIMITED', 4729, 'RESOURCE_EXHAUSTED', 429),
  internal: own('INTERNAL', -32603, 'INTERNAL', 500),
  upstream_unavailable: own('AGENT_UNAVAILABLE', 4751, 'UNAVAILABLE', 502),
  egress_refused: own('EGRESS_REFUSED', 4752, 'UNAVAILABLE', 502),
  unavailable: own('UNAVAILABLE', 4753, 'UNAVAILABLE', 503),
  upstream_timeout: own('AGENT_TIMEOUT', 4754, 'DEADLINE_EXCEEDED', 504),
  storage_full: own('STORAGE_FULL', 4757, 'RESOURCE_EXHAUSTED', 507),
}
