import type { ClientMetadata } from '../client-metadata.ts'
import { isProblem, problem } from './metadata-problem.ts'
import type { MetadataProblem } from './metadata-problem.ts'
import { DOCUMENT_POLICY, readMetadata } from './read-metadata.ts'

/** Reads a client ID metadata document that was fetched from `clientId`. */
export function readDocument(
  value: unknown,
  clientId: string,
): { readonly kind: 'read'; readonly metadata: ClientMetadata } | MetadataProblem {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return problem('The client ID metadata document is not a JSON object.')
  const document = value as Record<string, unknown>
  // Simple string comparison (RFC 3986 §6.2.1).
  if (document['client_id'] !== clientId)
    return problem('client_id in the client ID metadata document is not its URL.')
  if ('client_secret' in document || 'client_secret_expires_at' in document)
    return problem('A client ID metadata document must not hold a client_secret.')
  const metadata = readMetadata(document, DOCUMENT_POLICY)
  return isProblem(metadata) ? metadata : { kind: 'read', metadata }
}
