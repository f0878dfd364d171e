import type { ErrorCode, ParleyError } from '@parley/contract'
import { isRpcError } from '../../lib/json-rpc.ts'
import { agentError, noError } from './agent-error.ts'
import { readDetails } from './error-details.ts'
import { A2A_ERRORS } from './error-forms.ts'

const BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  ...(Object.keys(A2A_ERRORS) as ErrorCode[])
    .filter((code) => A2A_ERRORS[code].isOfA2a)
    .map((code) => [A2A_ERRORS[code].jsonRpc, code] as const),
  [-32602, 'invalid_params'],
  [-32600, 'invalid_request'],
  // The hub's request was good; an agent without the method does not support the operation.
  [-32601, 'unsupported_operation'],
  [-32603, 'upstream_unavailable'],
])

/** The `error` of an agent's JSON-RPC answer, of 1.0 or 0.3, where `data` is free. */
export function fromJsonRpcError(error: unknown): ParleyError {
  if (!isRpcError(error)) return noError('JSON-RPC')
  return agentError(codeOfNumber(error.code) ?? 'upstream_invalid', error.message, readDetails(error.data))
}

export function codeOfNumber(code: number): ErrorCode | undefined {
  return BY_NUMBER.get(code)
}
