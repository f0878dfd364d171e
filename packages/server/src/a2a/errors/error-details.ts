import type { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import type { FieldViolation } from '../check-message.ts'
import { A2A_ERROR_DOMAIN, A2A_ERRORS, PARLEY_ERROR_DOMAIN } from './error-forms.ts'
import { toPlainText } from './to-plain-text.ts'

export const BAD_REQUEST_TYPE = 'type.googleapis.com/google.rpc.BadRequest'
export const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo'

/** An object of `google.rpc` in the ProtoJSON form of `Any` (specification §3.3.2). */
export interface ErrorDetail extends JsonObject {
  readonly '@type': string
}

/** What is known where an error is said. */
export interface ErrorContext {
  /** RFC 3339, UTC. */
  readonly timestamp: string
  readonly taskId?: string
  /** More for `ErrorInfo.metadata`: the versions that are spoken. */
  readonly metadata?: Readonly<Record<string, string>>
}

const MAX_DETAILS = 10
const MAX_VIOLATIONS = 20
const MAX_FIELD_CHARS = 200
const MAX_DESCRIPTION_CHARS = 300

export function badRequest(fieldViolations: readonly FieldViolation[]): ErrorDetail {
  return { '@type': BAD_REQUEST_TYPE, fieldViolations }
}

/** `ErrorInfo` first (§9.5, §10.6, §11.6), then the details that the error has of its own. */
export function detailsOf(error: ParleyError, context: ErrorContext): ErrorDetail[] {
  const form = A2A_ERRORS[error.code]
  const info: ErrorDetail = {
    '@type': ERROR_INFO_TYPE,
    reason: form.reason,
    domain: form.isOfA2a ? A2A_ERROR_DOMAIN : PARLEY_ERROR_DOMAIN,
    metadata: {
      ...context.metadata,
      ...(context.taskId === undefined ? {} : { taskId: context.taskId }),
      timestamp: context.timestamp,
    },
  }
  return [info, ...(Array.isArray(error.data) ? error.data.filter(isDetail) : [])]
}

/** What the details of an agent's error tell, within bounds; its metadata has ids of its own, and goes no further. */
export interface ToldDetails {
  readonly reason?: string
  readonly violations: readonly FieldViolation[]
}

export function readDetails(details: unknown): ToldDetails {
  if (!Array.isArray(details)) return { violations: [] }
  let reason: string | undefined
  const violations: FieldViolation[] = []
  for (const detail of details.slice(0, MAX_DETAILS)) {
    if (!isDetail(detail)) continue
    if (detail['@type'] === ERROR_INFO_TYPE && detail['domain'] === A2A_ERROR_DOMAIN) {
      if (typeof detail['reason'] === 'string') reason ??= detail['reason']
    } else if (detail['@type'] === BAD_REQUEST_TYPE && Array.isArray(detail['fieldViolations'])) {
      violations.push(...detail['fieldViolations'].slice(0, MAX_VIOLATIONS).flatMap(toViolation))
    }
  }
  return { ...(reason === undefined ? {} : { reason }), violations: violations.slice(0, MAX_VIOLATIONS) }
}

function toViolation(json: unknown): FieldViolation[] {
  if (!isObject(json)) return []
  const { field, description } = json
  return [
    {
      field: typeof field === 'string' ? toPlainText(field, MAX_FIELD_CHARS) : '',
      description: typeof description === 'string' ? toPlainText(description, MAX_DESCRIPTION_CHARS) : '',
    },
  ]
}

function isDetail(value: unknown): value is ErrorDetail {
  return isObject(value) && typeof value['@type'] === 'string'
}
