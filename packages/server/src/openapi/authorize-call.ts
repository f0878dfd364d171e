import { encodeText } from './encode-text.ts'
import type { OperationCall } from './operation-call.ts'
import type { SecurityScheme } from './read-security.ts'

/** The headers by which the hub is let in, by lower-case names. */
export type CredentialHeaders = Readonly<Record<string, string>>

/** What a credential adds to one request. */
export interface Authorization {
  readonly headers: CredentialHeaders
  readonly query: readonly string[]
  readonly cookies: readonly string[]
}

/**
 * Puts a credential where the service wants it. Headers go as they are; one that is named as a key that the document
 * wants in the query or a cookie goes there instead (OpenAPI, Security Scheme Object).
 */
export function authorizeCall(
  { security }: OperationCall,
  credential: CredentialHeaders | undefined,
): Authorization {
  const headers: Record<string, string> = {}
  const query: string[] = []
  const cookies: string[] = []
  for (const [name, value] of Object.entries(credential ?? {})) {
    const key = security.flat().find((scheme) => isKeyElsewhere(scheme, name))
    if (key?.kind !== 'key') headers[name] = value
    else (key.in === 'query' ? query : cookies).push(`${encodeText(key.parameter)}=${encodeText(value)}`)
  }
  return { headers, query, cookies }
}

function isKeyElsewhere(scheme: SecurityScheme, header: string): boolean {
  return (
    scheme.kind === 'key' && scheme.in !== 'header' && scheme.parameter.toLowerCase() === header.toLowerCase()
  )
}

/** What the document says an operation wants, for whoever is refused; undefined when it says nothing. */
export function describeSecurity({ security }: OperationCall): string | undefined {
  const choices = security
    .filter((choice) => choice.length > 0)
    .slice(0, 3)
    .map((choice) => choice.map(describeScheme).join(' and '))
  return choices.length === 0 ? undefined : choices.join(', or ').slice(0, 300)
}

function describeScheme(scheme: SecurityScheme): string {
  switch (scheme.kind) {
    case 'key':
      return `the key ${scheme.parameter} (${scheme.in})`
    case 'bearer':
      return 'Authorization: Bearer …'
    case 'basic':
      return 'Authorization: Basic …'
    case 'oauth':
      return `an OAuth token (${scheme.name})`
    case 'other':
      return scheme.name
  }
}
