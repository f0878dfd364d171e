import { toParleyError } from '@parley/contract'
import { encodeMessage } from '../proto/encode-message.ts'
import {
  BAD_REQUEST_TYPE,
  detailsOf,
  ERROR_INFO_TYPE,
  type ErrorContext,
  type ErrorDetail,
} from './error-details.ts'
import { A2A_ERRORS, GRPC_STATUS } from './error-forms.ts'

export const GRPC_DETAILS_KEY = 'grpc-status-details-bin'

/** HTTP/2 peers commonly take 8 KiB of trailers, where these are base64 beside the message. */
const MAX_VIOLATIONS = 10
const MAX_MESSAGE_CHARS = 1000

export interface GrpcStatus {
  readonly code: number
  readonly message: string
  /** `google.rpc.Status`, for the trailer `grpc-status-details-bin`. */
  readonly details: Buffer
}

/** An error as gRPC says it (specification §10.6). */
export function toGrpcStatus(thrown: unknown, context: ErrorContext): GrpcStatus {
  const error = toParleyError(thrown)
  const code = GRPC_STATUS[A2A_ERRORS[error.code].grpc]
  const message = error.message.slice(0, MAX_MESSAGE_CHARS).toWellFormed()
  const details = detailsOf(error, context).flatMap(toAny)
  return { code, message, details: encodeMessage('Status', { code, message, details }) }
}

function toAny(detail: ErrorDetail): { typeUrl: string; value: string }[] {
  const value = encodeDetail(detail)
  return value === undefined ? [] : [{ typeUrl: detail['@type'], value: value.toString('base64') }]
}

function encodeDetail(detail: ErrorDetail): Buffer | undefined {
  if (detail['@type'] === ERROR_INFO_TYPE) return encodeMessage('ErrorInfo', detail)
  if (detail['@type'] !== BAD_REQUEST_TYPE) return undefined
  const violations = detail['fieldViolations'] as readonly unknown[]
  return encodeMessage('BadRequest', { fieldViolations: violations.slice(0, MAX_VIOLATIONS) })
}
