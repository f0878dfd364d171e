import { toParleyError } from '@parley/contract'
import { detailsOf, type ErrorContext, type ErrorDetail } from './error-details.ts'
import { A2A_ERRORS, type GrpcStatusName } from './error-forms.ts'

export const A2A_MEDIA_TYPE = 'application/a2a+json'

export interface HttpError {
  readonly status: number
  /** `google.rpc.Status` as JSON. */
  readonly body: {
    readonly error: {
      readonly code: number
      readonly status: GrpcStatusName
      readonly message: string
      readonly details: readonly ErrorDetail[]
    }
  }
}

/** An error as HTTP+JSON says it (specification §11.6); its media type is `application/a2a+json`. */
export function toHttpError(thrown: unknown, context: ErrorContext): HttpError {
  const error = toParleyError(thrown)
  const { http, grpc } = A2A_ERRORS[error.code]
  return {
    status: http,
    body: {
      error: { code: http, status: grpc, message: error.message, details: detailsOf(error, context) },
    },
  }
}
