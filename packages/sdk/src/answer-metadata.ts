import type { Guard } from './guard.ts'

export interface MetadataAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Any page may read it: it says what everyone may know. */
const OPEN = { 'access-control-allow-origin': '*' }
/** Clients in a browser send their version of MCP or A2A along, which browsers ask about first. */
const PREFLIGHT = {
  ...OPEN,
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'mcp-protocol-version, a2a-version',
  'access-control-max-age': '7200',
}
const DOCUMENT = { ...OPEN, 'content-type': 'application/json', 'cache-control': 'max-age=300' }

/**
 * The answer to a request for what everyone may know: the metadata of the guarded resource (RFC 9728 §3), the card of an
 * agent. Undefined for any other request.
 */
export function answerMetadata(
  guard: Guard,
  method: string | undefined,
  target: string,
): MetadataAnswer | undefined {
  const document = guard.openDocuments.get(target.split('?', 1)[0]!)
  if (!document) return undefined
  if (method === 'OPTIONS') return { status: 204, headers: PREFLIGHT, body: '' }
  if (method !== 'GET' && method !== 'HEAD') return undefined
  return { status: 200, headers: DOCUMENT, body: JSON.stringify(document) }
}
