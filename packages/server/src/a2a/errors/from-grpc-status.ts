import { ParleyError, type ErrorCode } from '@parley/contract'
import { decodeMessage } from '../proto/decode-message.ts'
import { agentError, codeOfReason } from './agent-error.ts'
import { BAD_REQUEST_TYPE, ERROR_INFO_TYPE, readDetails } from './error-details.ts'
import { GRPC_STATUS } from './error-forms.ts'

const BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [GRPC_STATUS.CANCELLED, 'upstream_unavailable'],
  [GRPC_STATUS.INVALID_ARGUMENT, 'invalid_params'],
  [GRPC_STATUS.DEADLINE_EXCEEDED, 'upstream_timeout'],
  [GRPC_STATUS.NOT_FOUND, 'task_not_found'],
  [GRPC_STATUS.PERMISSION_DENIED, 'forbidden'],
  [GRPC_STATUS.RESOURCE_EXHAUSTED, 'rate_limited'],
  [GRPC_STATUS.FAILED_PRECONDITION, 'unsupported_operation'],
  [GRPC_STATUS.UNIMPLEMENTED, 'unsupported_operation'],
  [GRPC_STATUS.INTERNAL, 'upstream_unavailable'],
  [GRPC_STATUS.UNAVAILABLE, 'upstream_unavailable'],
  // The hub's credential was refused, not its caller's.
  [GRPC_STATUS.UNAUTHENTICATED, 'upstream_unavailable'],
])
const UNKNOWN = 2
const MAX_DETAILS = 10

/** An agent's gRPC status with the bytes of its trailer `grpc-status-details-bin`, if it has one. */
export function fromGrpcStatus(code: number, message: string, details?: Buffer): ParleyError {
  const told = readDetails(details === undefined ? [] : decodeDetails(details))
  const fallback = BY_STATUS.get(code) ?? (code === UNKNOWN ? 'upstream_unavailable' : 'upstream_invalid')
  return agentError(told.reason === undefined ? (codeOfName(message) ?? fallback) : fallback, message, told)
}

/** The details in their JSON form; what cannot be read tells nothing. */
function decodeDetails(bytes: Buffer): unknown[] {
  try {
    const { details } = decodeMessage('Status', bytes) as {
      details?: readonly { typeUrl?: string; value?: string }[]
    }
    return (details ?? []).slice(0, MAX_DETAILS).map(({ typeUrl, value }) => {
      const content = Buffer.from(value ?? '', 'base64')
      if (typeUrl === ERROR_INFO_TYPE) return { '@type': typeUrl, ...decodeMessage('ErrorInfo', content) }
      if (typeUrl === BAD_REQUEST_TYPE) return { '@type': typeUrl, ...decodeMessage('BadRequest', content) }
      return undefined
    })
  } catch (error) {
    if (error instanceof ParleyError) return []
    throw error
  }
}

/** Agents without ErrorInfo begin their message with the error's name: `TaskNotFoundError: …`. */
function codeOfName(message: string): ErrorCode | undefined {
  const name = /^([A-Za-z]{1,60})Error:/.exec(message)?.[1]
  return name === undefined ? undefined : codeOfReason(name.replace(/(?!^)[A-Z]/g, '_$&').toUpperCase())
}
