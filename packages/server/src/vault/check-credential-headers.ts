import { ParleyError } from '@parley/contract'
import {
  isCredentialValue,
  isHeaderName,
  isReservedHeader,
  MAX_CREDENTIAL_BYTES,
} from '../lib/credential-header.ts'
import type { CredentialHeaders } from './connection.ts'

const MAX_HEADERS = 8

/** Headers that may carry a credential, their names in lower case. Throws `invalid_params`, never with a value. */
export function checkCredentialHeaders(
  headers: readonly { readonly name: string; readonly value: string }[],
): CredentialHeaders {
  if (headers.length === 0 || headers.length > MAX_HEADERS)
    throw new ParleyError('invalid_params', `A connection has 1 to ${MAX_HEADERS} headers.`)
  const checked = new Map<string, string>()
  for (const { name, value } of headers) {
    const key = name.toLowerCase()
    if (!isHeaderName(key)) throw new ParleyError('invalid_params', 'That is not the name of a header.')
    if (isReservedHeader(key))
      throw new ParleyError(
        'invalid_params',
        `The header "${key}" is the hub's own and carries no credential.`,
      )
    if (checked.has(key))
      throw new ParleyError('invalid_params', `The header "${key}" stands more than once.`)
    if (!isCredentialValue(value))
      throw new ParleyError(
        'invalid_params',
        `The value of "${key}" must be 1 to ${MAX_CREDENTIAL_BYTES} printable ASCII characters on one line, without blanks around it.`,
      )
    checked.set(key, value)
  }
  return Object.fromEntries(checked)
}
