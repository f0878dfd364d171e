import { ParleyError, type ErrorCode } from '@parley/contract'
import { A2A_ERRORS } from '../a2a/index.ts'
import type { JsonObject, RpcError } from '../lib/json-rpc.ts'

const BY_CODE = new Map(
  Object.entries(A2A_ERRORS)
    .toReversed()
    .map(([code, form]) => [form.jsonRpc, code as ErrorCode]),
)
const BY_REASON = new Map(Object.entries(A2A_ERRORS).map(([code, form]) => [form.reason, code as ErrorCode]))

export function fromAgentError(error: RpcError): ParleyError {
  return new ParleyError(BY_CODE.get(error.code) ?? 'upstream_invalid', error.message.slice(0, 1000))
}

export function fromHttpAgentError(_status: number | undefined, error: JsonObject): ParleyError {
  const details = Array.isArray(error['details']) ? (error['details'] as JsonObject[]) : []
  const reason = details.map((detail) => detail['reason']).find((text) => typeof text === 'string')
  return new ParleyError(
    BY_REASON.get(reason ?? '') ?? 'upstream_invalid',
    String(error['message']).slice(0, 1000),
  )
}
