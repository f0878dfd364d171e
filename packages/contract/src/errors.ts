/**
 * The closed list of what can go wrong, and how each protocol says it. Only edges translate; inside, an error is
 * its code. `http` is the status, `jsonRpc` the code in a JSON-RPC error object (MCP 2026-07-28, Error Codes;
 * JSON-RPC 2.0 §5.1). MCP forbids undefined codes in -32020…-32099, so Parley's own stand outside the reserved
 * range, in 4700…4799.
 */
export const ERRORS = {
  invalid_json: { http: 400, jsonRpc: -32700 },
  invalid_request: { http: 400, jsonRpc: -32600 },
  invalid_params: { http: 400, jsonRpc: -32602 },
  header_mismatch: { http: 400, jsonRpc: -32020 },
  missing_capability: { http: 400, jsonRpc: -32021 },
  unsupported_version: { http: 400, jsonRpc: -32022 },
  unauthenticated: { http: 401, jsonRpc: 4701 },
  forbidden: { http: 403, jsonRpc: 4703 },
  origin_refused: { http: 403, jsonRpc: 4703 },
  not_found: { http: 404, jsonRpc: 4704 },
  method_not_found: { http: 404, jsonRpc: -32601 },
  session_not_found: { http: 404, jsonRpc: 4705 },
  method_not_allowed: { http: 405, jsonRpc: -32600 },
  not_acceptable: { http: 406, jsonRpc: -32600 },
  conflict: { http: 409, jsonRpc: 4709 },
  too_large: { http: 413, jsonRpc: -32600 },
  unsupported_media_type: { http: 415, jsonRpc: -32600 },
  host_refused: { http: 421, jsonRpc: 4721 },
  quarantined: { http: 403, jsonRpc: 4710 },
  connection_needed: { http: 403, jsonRpc: 4711 },
  // A2A's own (specification §5.4); how each error is said in A2A is in the server's room `a2a`.
  task_not_found: { http: 404, jsonRpc: -32001 },
  task_not_cancelable: { http: 400, jsonRpc: -32002 },
  push_not_supported: { http: 400, jsonRpc: -32003 },
  unsupported_operation: { http: 400, jsonRpc: -32004 },
  content_type_not_supported: { http: 400, jsonRpc: -32005 },
  extended_card_not_configured: { http: 400, jsonRpc: -32007 },
  extension_required: { http: 400, jsonRpc: -32008 },
  rate_limited: { http: 429, jsonRpc: 4729 },
  internal: { http: 500, jsonRpc: -32603 },
  upstream_invalid: { http: 502, jsonRpc: 4750 },
  upstream_unavailable: { http: 502, jsonRpc: 4751 },
  egress_refused: { http: 502, jsonRpc: 4752 },
  unavailable: { http: 503, jsonRpc: 4753 },
  upstream_timeout: { http: 504, jsonRpc: 4754 },
  storage_full: { http: 507, jsonRpc: 4757 },
} as const satisfies Record<string, { http: number; jsonRpc: number }>

export type ErrorCode = keyof typeof ERRORS

/**
 * An error that may be told to the caller. `message` is public and says what to do; `detail` is for the log
 * alone; `cause` is kept. Anything else thrown is `internal` outward.
 */
export class ParleyError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  /** Machine-readable data for the caller, such as the versions that are supported. */
  readonly data: unknown

  constructor(
    code: ErrorCode,
    message: string,
    options: { detail?: string; data?: unknown; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ParleyError'
    this.code = code
    this.detail = options.detail
    this.data = options.data
  }
}

/** The error as a caller may see it: a `ParleyError` as it is, anything else without its words. */
export function toParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return new ParleyError('internal', 'Something went wrong inside Parley; the log has the request id.', {
    cause: error,
  })
}
