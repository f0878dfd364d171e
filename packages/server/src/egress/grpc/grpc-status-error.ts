import type { ServiceError } from '@grpc/grpc-js'

const MAX_DETAILS_CHARS = 1000

/** An exchange that ended with another status than OK: the server's own, or one of the library for what went wrong. */
export class GrpcStatusError extends Error {
  /** `google.rpc.Code`. */
  readonly code: number
  readonly details: string
  /** `google.rpc.Status` as bytes, of `grpc-status-details-bin`; only a server says that. */
  readonly statusDetails: Buffer | undefined

  constructor(code: number, details: string, statusDetails: Buffer | undefined) {
    super(`gRPC status ${code}`)
    this.name = 'GrpcStatusError'
    this.code = code
    this.details = details
    this.statusDetails = statusDetails
  }

  static from(error: ServiceError): GrpcStatusError {
    const [binary] = error.metadata?.get('grpc-status-details-bin') ?? []
    return new GrpcStatusError(
      error.code,
      error.details.slice(0, MAX_DETAILS_CHARS),
      Buffer.isBuffer(binary) ? binary : undefined,
    )
  }
}
