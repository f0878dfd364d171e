/** Of one value. */
export const MAX_CREDENTIAL_BYTES = 8192
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
const RESERVED_PREFIXES = ['mcp-', 'a2a-', 'x-a2a-', 'grpc-', 'proxy-', 'sec-', 'x-forwarded-']

/** The name of a header, in lower case. */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name)
}

/** Whether a header, its name in lower case, is one that carries no credential. */
export function isReservedHeader(name: string): boolean {
  return RESERVED.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))
}

/** Whether a text may be the value of a header that carries a credential. */
export function isCredentialValue(value: string): boolean {
  return value.length <= MAX_CREDENTIAL_BYTES && VALUE.test(value)
}
