import { ParleyError } from '@parley/contract'
import { errors } from 'undici'
import { ConnectFailed } from './connect-failed.ts'

/** Of a name that is not found, or a port where nobody listens; a connection that stands has none of these. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

/** An upstream answered with more bytes than its cap; for handlers that count while they pass bytes on. */
export function responseTooLarge(limitBytes: number): ParleyError {
  return new ParleyError('upstream_invalid', `The server's answer is larger than ${limitBytes} bytes.`)
}

/**
 * Refuses an encoded response: Parley asks for `identity`, so that the bytes it counts are the bytes there are.
 * Undefined when the response is not encoded.
 */
export function refuseEncoding(encoding: string | string[] | undefined): ParleyError | undefined {
  if (encoding === undefined || encoding === 'identity' || encoding === '') return undefined
  return new ParleyError(
    'upstream_invalid',
    'The server sent an encoded answer although none was asked for.',
    {
      detail: `content-encoding ${String(encoding).slice(0, 100)}`,
    },
  )
}

/** What happened to a request, as an error that may be told to a caller; the reason stays in detail and cause. */
export function toEgressError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  const detail = describe(error)
  if (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  ) {
    return new ParleyError('upstream_timeout', 'The server did not answer in time.', { detail, cause: error })
  }
  if (
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.HTTPParserError ||
    error instanceof errors.ResponseExceededMaxSizeError
  ) {
    return new ParleyError('upstream_invalid', 'The server sent an answer that cannot be used.', {
      detail,
      cause: error,
    })
  }
  if (NOT_CONNECTED.has(detail.split(' ', 1)[0]!)) return new ConnectFailed(detail, error)
  return new ParleyError('upstream_unavailable', 'The server could not be reached.', { detail, cause: error })
}

/** The total time of a request ran out. */
export function requestTimedOut(timeoutMs: number): ParleyError {
  return new ParleyError('upstream_timeout', 'The server did not answer in time.', {
    detail: `after ${timeoutMs} ms`,
  })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return `${code} ${error.message}`.trim()
}
