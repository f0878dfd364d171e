import type { IncomingMessage } from 'node:http'

const AUTHORIZATION = 1
const HOST = 2
const ORIGIN = 4
const CONTENT_TYPE = 8
const CONTENT_LENGTH = 16
const CONTENT_ENCODING = 32
const TRANSFER_ENCODING = 64
/** The `mcp-` headers share sixteen bits by their length. */
const MCP_SHIFT = 7

const MAX_HEADERS = 200

const SINGLE: ReadonlySet<string> = new Set(
  'authorization host origin content-type content-length content-encoding transfer-encoding'.split(' '),
)

/** What is wrong, for people. */
export interface HeaderFault {
  readonly code: 'invalid_request' | 'header_mismatch'
  readonly message: string
}

/**
 * What llhttp lets through although two readers could understand it differently (RFC 9112 §11.2, RFC 9110 §5.3):
 * a repeated header of which Node keeps the first and others the last, `_` that CGI-like readers take for `-`, and
 * transfer codings beside `chunked`. Undefined when nothing is wrong.
 *
 * NOTE: on the lane. Each name costs a look at its first letter and length; only when two agree in both are names
 * compared.
 */
export function checkHeaders(request: IncomingMessage): HeaderFault | undefined {
  const raw = request.rawHeaders
  if (raw.length > 2 * MAX_HEADERS) return invalid(`More than ${MAX_HEADERS} headers are not read.`)
  let seen = 0
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!
    if (name.includes('_')) return invalid('A header name must not hold an underscore.')
    const bit = bitOf(name)
    if ((seen & bit) !== 0) {
      const repeated = findRepeated(raw)
      if (repeated) return repeatedFault(repeated)
    }
    seen |= bit
  }
  if ((seen & TRANSFER_ENCODING) === 0) return undefined
  const coding = request.headers['transfer-encoding']
  return coding === undefined || coding.toLowerCase() === 'chunked'
    ? undefined
    : invalid('Only the transfer coding "chunked" is understood.')
}

function invalid(message: string): HeaderFault {
  return { code: 'invalid_request', message }
}

/** Of two MCP headers one differs from the body, or nobody can say which counts (MCP 2026-07-28, -32020). */
function repeatedFault(name: string): HeaderFault {
  const code = name.startsWith('mcp-') ? 'header_mismatch' : 'invalid_request'
  return { code, message: `The header ${name} must not be repeated.` }
}

/** Zero for names that may be repeated; names that merely resemble a single one share its bit. */
function bitOf(name: string): number {
  const length = name.length
  switch (name.charCodeAt(0) | 0x20) {
    case 0x61:
      return length === 13 ? AUTHORIZATION : 0
    case 0x63:
      if (length === 12) return CONTENT_TYPE
      if (length === 14) return CONTENT_LENGTH
      return length === 16 ? CONTENT_ENCODING : 0
    case 0x68:
      return length === 4 ? HOST : 0
    case 0x6d:
      return 1 << (MCP_SHIFT + (length & 15))
    case 0x6f:
      return length === 6 ? ORIGIN : 0
    case 0x74:
      return length === 17 ? TRANSFER_ENCODING : 0
    default:
      return 0
  }
}

function findRepeated(raw: readonly string[]): string | undefined {
  const names = new Set<string>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase()
    if (!SINGLE.has(name) && !name.startsWith('mcp-')) continue
    if (names.has(name)) return name
    names.add(name)
  }
  return undefined
}
