import { ParleyError } from '@parley/contract'
import type { CredentialHeaders } from './connection.ts'

const MAX_HEADERS = 8
const MAX_VALUE_BYTES = 8192
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/
/** RFC 9110 §5.5: visible characters, blanks only between them; so no line can be begun. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** What the hub itself says with each request, or what concerns the connection alone (RFC 9110 §7.6.1). */
const RESERVED = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept',
  'accept-encoding',
  'last-event-id',
  'origin',
  'referer',
  'forwarded',
  'via',
  'traceparent',
  'tracestate',
])
const RESERVED_PREFIXES = ['mcp-', 'proxy-', 'sec-', 'x-forwarded-']

/** Headers that may carry a credential, their names in lower case. Throws `invalid_params`, never with a value. */
export function checkCredentialHeaders(
  headers: readonly { readonly name: string; readonly value: string }[],
): CredentialHeaders {
  if (headers.length === 0 || headers.length > MAX_HEADERS)
    throw new ParleyError('invalid_params', `A connection has 1 to ${MAX_HEADERS} headers.`)
  const checked = new Map<string, string>()
  for (const { name, value } of headers) {
    const key = name.toLowerCase()
    if (!TOKEN.test(key)) throw new ParleyError('invalid_params', 'That is not the name of a header.')
    if (RESERVED.has(key) || RESERVED_PREFIXES.some((prefix) => key.startsWith(prefix)))
      throw new ParleyError(
        'invalid_params',
        `The header "${key}" is the hub's own and carries no credential.`,
      )
    if (checked.has(key))
      throw new ParleyError('invalid_params', `The header "${key}" stands more than once.`)
    if (value.length > MAX_VALUE_BYTES || !VALUE.test(value))
      throw new ParleyError(
        'invalid_params',
        `The value of "${key}" must be 1 to ${MAX_VALUE_BYTES} printable ASCII characters on one line, without blanks around it.`,
      )
    checked.set(key, value)
  }
  return Object.fromEntries(checked)
}
