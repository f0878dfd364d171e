import { toParleyError } from '@parley/contract'
import { detailsOf, type ErrorContext } from '../errors/error-details.ts'
import { A2A_ERRORS } from '../errors/error-forms.ts'

export interface V03Error {
  /** For REST, whose body is the error as JSON-RPC has it. */
  readonly status: number
  readonly error: {
    readonly code: number
    readonly message: string
    readonly data: { readonly details: unknown }
  }
}

/** An error as 0.3 says it over JSON-RPC and REST; over gRPC it is as in 1.0. `data` is an object there. */
export function toV03Error(thrown: unknown, context: ErrorContext): V03Error {
  const error = toParleyError(thrown)
  const { http, jsonRpc } = A2A_ERRORS[error.code]
  return {
    status: http,
    error: { code: jsonRpc, message: error.message, data: { details: detailsOf(error, context) } },
  }
}
