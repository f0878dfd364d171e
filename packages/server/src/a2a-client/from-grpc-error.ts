import { ParleyError } from '@parley/contract'
import { fromGrpcStatus, GRPC_STATUS } from '../a2a/index.ts'
import { GrpcStatusError } from '../egress/index.ts'
import { AgentCredentialRefused, invalidAnswer, toInvalidAnswer } from './status-error.ts'

/** Of the library, for what it did not take. */
const TOO_LARGE = /^Received message (?:larger than max|that decompresses to)/

/**
 * What ended a gRPC exchange, and whether the agent said so itself. The library tells in the same form that there was
 * no connection; its words name addresses and are nobody's to read.
 */
export function fromGrpcError(error: unknown): {
  readonly error: ParleyError
  readonly isFromAgent: boolean
} {
  if (!(error instanceof GrpcStatusError)) return { error: toInvalidAnswer(error), isFromAgent: false }
  const own = error.statusDetails === undefined ? ownFailure(error) : undefined
  if (own) return { error: own, isFromAgent: false }
  return { error: fromGrpcStatus(error.code, error.details, error.statusDetails), isFromAgent: true }
}

function ownFailure(error: GrpcStatusError): ParleyError | undefined {
  switch (error.code) {
    case GRPC_STATUS.UNAVAILABLE:
      return new ParleyError('upstream_unavailable', 'The agent could not be reached.', { cause: error })
    case GRPC_STATUS.DEADLINE_EXCEEDED:
      return new ParleyError('upstream_timeout', 'The agent did not answer in time.', { cause: error })
    case GRPC_STATUS.UNAUTHENTICATED:
      return new AgentCredentialRefused(401)
    case GRPC_STATUS.RESOURCE_EXHAUSTED:
      return TOO_LARGE.test(error.details) ? invalidAnswer('is larger than it may be', error) : undefined
    default:
      return undefined
  }
}
