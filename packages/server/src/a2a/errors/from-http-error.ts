import { ParleyError, type ErrorCode } from '@parley/contract'
import { isObject } from '../../lib/json-rpc.ts'
import { agentError } from './agent-error.ts'
import { readDetails } from './error-details.ts'
import { codeOfNumber } from './from-json-rpc-error.ts'

const BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [400, 'invalid_params'],
  // The hub's credential was refused, not its caller's.
  [401, 'upstream_unavailable'],
  [403, 'forbidden'],
  [404, 'task_not_found'],
  [405, 'unsupported_operation'],
  [413, 'too_large'],
  [422, 'invalid_params'],
  [429, 'rate_limited'],
  [500, 'upstream_unavailable'],
  [501, 'unsupported_operation'],
  [502, 'upstream_unavailable'],
  [503, 'upstream_unavailable'],
  [504, 'upstream_timeout'],
])

/**
 * An agent's HTTP answer outside 2xx. Its body is `google.rpc.Status` in 1.0 (specification §11.6), and `{ code, message }`
 * with a JSON-RPC number in 0.3; where it is neither, only the status speaks, and 404 is a wrong address.
 */
export function fromHttpError(status: number, body: unknown): ParleyError {
  const error = isObject(body) ? (isObject(body['error']) ? body['error'] : body) : undefined
  if (error === undefined || typeof error['message'] !== 'string') return withoutWords(status)
  const { code } = error
  const fallback =
    (typeof code === 'number' && code < 0 ? codeOfNumber(code) : undefined) ??
    BY_STATUS.get(status) ??
    'upstream_invalid'
  return agentError(fallback, error['message'], readDetails(error['details']))
}

function withoutWords(status: number): ParleyError {
  const code = status === 404 ? 'upstream_invalid' : (BY_STATUS.get(status) ?? 'upstream_invalid')
  return new ParleyError(code, `The agent answered with HTTP status ${status}.`)
}
