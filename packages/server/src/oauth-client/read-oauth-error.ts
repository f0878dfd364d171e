import type { JsonObject } from '../lib/json-rpc.ts'

/** RFC 6749 §5.2: `error` has visible characters only. Its description is somebody else's words and goes nowhere. */
const ERROR = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/

export function readOAuthError(json: JsonObject | undefined): string | undefined {
  const error = json?.['error']
  return typeof error === 'string' && ERROR.test(error) ? error : undefined
}
