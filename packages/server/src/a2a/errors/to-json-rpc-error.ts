import { toParleyError } from '@parley/contract'
import type { RpcError } from '../../lib/json-rpc.ts'
import { detailsOf, type ErrorContext } from './error-details.ts'
import { A2A_ERRORS } from './error-forms.ts'

/** An error as JSON-RPC says it (specification §9.5): the details are `data`. */
export function toJsonRpcError(thrown: unknown, context: ErrorContext): RpcError {
  const error = toParleyError(thrown)
  return {
    code: A2A_ERRORS[error.code].jsonRpc,
    message: error.message,
    data: detailsOf(error, context),
  }
}
