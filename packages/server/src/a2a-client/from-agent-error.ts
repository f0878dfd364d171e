import { ParleyError, type ErrorCode } from '@parley/contract'
import { A2A_ERRORS } from '../a2a/index.ts'
import type { RpcError } from '../lib/json-rpc.ts'

const BY_CODE = new Map(
  Object.entries(A2A_ERRORS)
    .reverse()
    .map(([code, form]) => [form.jsonRpc, code as ErrorCode]),
)

export function fromAgentError(error: RpcError): ParleyError {
  return new ParleyError(BY_CODE.get(error.code) ?? 'upstream_invalid', error.message.slice(0, 1000))
}
