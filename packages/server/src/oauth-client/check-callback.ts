import type { Authorization } from './start-authorization.ts'

export type CallbackOutcome =
  | { readonly kind: 'code'; readonly code: string }
  /** The authorization server, and really it, says no. */
  | { readonly kind: 'refused'; readonly error: string }
  /** Not an answer to this authorization: nothing in it may be used or shown. */
  | { readonly kind: 'invalid'; readonly why: string }

const ERROR = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/
const MAX_CODE_LENGTH = 4096

/** Checks the authorization response before anything of it is used (MCP, Authorization Response Validation). */
export function checkCallback(
  params: URLSearchParams,
  { server, state }: Pick<Authorization, 'server' | 'state'>,
): CallbackOutcome {
  const names = [...params.keys()]
  // OAuth 2.1 §3.1: no parameter more than once.
  if (new Set(names).size !== names.length) return { kind: 'invalid', why: 'a parameter is repeated' }
  if (params.get('state') !== state) return { kind: 'invalid', why: 'the state is another one' }
  const issuer = params.get('iss')
  if (issuer === null && server.sendsIssuer) return { kind: 'invalid', why: 'the issuer is missing' }
  // RFC 9207 §2.4: by simple string comparison, also where it was not announced, also for errors.
  if (issuer !== null && issuer !== server.issuer)
    return { kind: 'invalid', why: 'the issuer is another one' }
  const error = params.get('error')
  if (error !== null) return { kind: 'refused', error: ERROR.test(error) ? error : 'an unreadable error' }
  const code = params.get('code')
  if (code === null || code === '' || code.length > MAX_CODE_LENGTH)
    return { kind: 'invalid', why: 'there is no code' }
  return { kind: 'code', code }
}
