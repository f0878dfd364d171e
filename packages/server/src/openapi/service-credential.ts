import type { OperationCall } from './operation-call.ts'
import type { SecurityScheme } from './read-security.ts'
import { encodeText } from './encode-text.ts'

/** What the hub has to be let in with; kept in memory for one request alone. */
export interface ServiceCredential {
  /** Sent as they are. */
  readonly headers?: Readonly<Record<string, string>>
  /** Goes where the document's security scheme says: a header, the query, a cookie, or `Authorization`. */
  readonly secret?: string
}

/** What a credential adds to one request. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>
  readonly query: readonly string[]
  readonly cookies: readonly string[]
}

const NOTHING: Authorization = { headers: {}, query: [], cookies: [] }

/** Puts a credential where the first way to be let in that it fits wants it (OpenAPI, Security Requirement Object). */
export function authorizeCall(
  { security }: OperationCall,
  credential: ServiceCredential | undefined,
): Authorization {
  if (!credential) return NOTHING
  const headers = credential.headers ?? {}
  const { secret } = credential
  if (secret === undefined) return { ...NOTHING, headers }
  const schemes = security.filter((choice) => choice.length === 1).map(([scheme]) => scheme!)
  const scheme = schemes.find(({ kind }) => kind !== 'other')
  // An operation that is open to all gets no secret.
  if (!scheme) return { ...NOTHING, headers }
  const placed = place(scheme, secret)
  return { ...placed, headers: { ...headers, ...placed.headers } }
}

function place(scheme: SecurityScheme, secret: string): Authorization {
  if (scheme.kind === 'basic') {
    // RFC 7617 §2: user and password, encoded unless they already are.
    const encoded = secret.includes(':') ? Buffer.from(secret).toString('base64') : secret
    return { ...NOTHING, headers: { authorization: `Basic ${encoded}` } }
  }
  if (scheme.kind !== 'key') return { ...NOTHING, headers: { authorization: `Bearer ${secret}` } }
  if (scheme.in === 'header') return { ...NOTHING, headers: { [scheme.parameter.toLowerCase()]: secret } }
  const pair = `${encodeText(scheme.parameter)}=${encodeText(secret)}`
  return scheme.in === 'query' ? { ...NOTHING, query: [pair] } : { ...NOTHING, cookies: [pair] }
}
