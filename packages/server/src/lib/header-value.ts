const PREFIX = '=?base64?'
const SUFFIX = '?='
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** Visible ASCII with inner spaces or tabs (RFC 9110 §5.5). */
const PLAIN = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/

/**
 * The text a header value stands for (MCP 2026-07-28, Value Encoding): plain ASCII as it is, anything else between
 * `=?base64?` and `?=`. Undefined when the encoding is broken.
 */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith(PREFIX) || !value.endsWith(SUFFIX)) return PLAIN.test(value) ? value : undefined
  const encoded = value.slice(PREFIX.length, -SUFFIX.length)
  if (!BASE64.test(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : undefined
}

/** The inverse: encodes only what a header could not carry, or what would read as encoded. */
export function encodeHeaderValue(text: string): string {
  const looksEncoded = text.startsWith(PREFIX) && text.endsWith(SUFFIX)
  if (PLAIN.test(text) && !looksEncoded) return text
  return PREFIX + Buffer.from(text).toString('base64') + SUFFIX
}

/** Whether it may stand as the value of a header as it is, and is not empty. */
export function isFieldValue(text: string): boolean {
  return text !== '' && PLAIN.test(text)
}

/** RFC 9110 §5.6.2: names of headers and of authentication schemes. */
export function isFieldToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
}
