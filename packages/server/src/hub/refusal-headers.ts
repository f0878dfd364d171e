import { ERRORS, type ParleyError } from '@parley/contract'
import { Challenge } from '../identity/index.ts'

const DEFAULT_RETRY_SECONDS = 1

/**
 * How HTTP says, beside a JSON-RPC error, that a caller is not known, not allowed or too fast (specification §7.4): all
 * else is an answer of its own, with status 200.
 */
export function refusalHeaders(error: ParleyError): {
  readonly status: number
  readonly headers: readonly string[]
} {
  if (error instanceof Challenge)
    return { status: ERRORS[error.code].http, headers: ['www-authenticate', error.wwwAuthenticate] }
  if (error.code === 'unauthenticated' || error.code === 'forbidden')
    return { status: ERRORS[error.code].http, headers: [] }
  if (error.code === 'rate_limited')
    return { status: ERRORS.rate_limited.http, headers: ['retry-after', String(retryAfter(error))] }
  return { status: 200, headers: [] }
}

function retryAfter({ data }: ParleyError): number {
  const seconds = (data as { retryAfterSeconds?: unknown } | undefined)?.retryAfterSeconds
  return typeof seconds === 'number' ? seconds : DEFAULT_RETRY_SECONDS
}
