export interface RequestTarget {
  /** `mcp` of `/mcp/servers/files?x`; empty for `/`. */
  readonly segment: string
  /** The target without its query. */
  readonly path: string
}

/** Dot segments in any encoding, `//`, backslashes and fragments: readings on which routers disagree. */
const AMBIGUOUS = /\/\/|[\\#]|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%(?:2f|5c|00)|%(?![0-9a-f]{2})/i

/**
 * Reads a request target in origin form (RFC 9112 §3.2.1); undefined for every other form and for paths that could
 * be read as another one.
 */
export function readTarget(target: string): RequestTarget | undefined {
  if (target.charCodeAt(0) !== 0x2f) return undefined
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  if (AMBIGUOUS.test(path) || target.includes('#')) return undefined
  const end = path.indexOf('/', 1)
  return { segment: end === -1 ? path.slice(1) : path.slice(1, end), path }
}
