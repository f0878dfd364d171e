import type { FieldViolation } from './check-message.ts'

export const BAD_REQUEST_TYPE = 'type.googleapis.com/google.rpc.BadRequest'
export const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo'

export interface BadRequest {
  readonly '@type': typeof BAD_REQUEST_TYPE
  readonly fieldViolations: readonly FieldViolation[]
}

export interface ErrorInfo {
  readonly '@type': typeof ERROR_INFO_TYPE
  readonly reason: string
  readonly domain: string
  readonly metadata?: Readonly<Record<string, string>>
}

export function badRequest(fieldViolations: readonly FieldViolation[]): BadRequest {
  return { '@type': BAD_REQUEST_TYPE, fieldViolations }
}
