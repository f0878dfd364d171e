/** Parameters of a request as they were sent, each once. */
export type ParameterReading =
  | { readonly kind: 'parameters'; readonly parameters: URLSearchParams }
  /** `why` is for the caller. */
  | { readonly kind: 'refused'; readonly why: string }

const MAX_PARAMETERS = 100
const MAX_VALUE_LENGTH = 16_384
/** What is kept for a client until its person has decided, whoever asks. */
const MAX_KEPT_LENGTHS: Readonly<Record<string, number>> = { state: 4096, nonce: 1024 }

/**
 * Reads `application/x-www-form-urlencoded` text so that nobody can read it otherwise: each name once (RFC 6749 §3.1), UTF-8
 * only, within limits.
 */
export function readParameters(text: string): ParameterReading {
  const parameters = new URLSearchParams()
  const pairs = text === '' ? [] : text.split('&')
  if (/[^\x20-\x7e]/.test(text)) return refused('a character is not URL-encoded')
  if (pairs.length > MAX_PARAMETERS) return refused(`more than ${MAX_PARAMETERS} parameters`)
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    if (name === undefined || value === undefined) return refused('a parameter is not UTF-8 in URL encoding')
    if (value.length > (MAX_KEPT_LENGTHS[name] ?? MAX_VALUE_LENGTH)) return refused('a parameter is too long')
    if (parameters.has(name)) return refused(`the parameter ${printable(name)} is repeated`)
    parameters.append(name, value)
  }
  return { kind: 'parameters', parameters }
}

function refused(why: string): ParameterReading {
  return { kind: 'refused', why }
}

/** `decodeURIComponent` refuses what is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    // Malformed: the caller is told so.
    return undefined
  }
}

function printable(name: string): string {
  return /^[\w.-]{1,40}$/.test(name) ? name : 'of that name'
}
