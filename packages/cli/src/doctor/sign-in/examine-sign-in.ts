import type { Finding } from '../finding.ts'
import { checkResourceMetadata } from './check-resource-metadata.ts'
import { checkServerMetadata } from './check-server-metadata.ts'
import { findResourceMetadata } from './find-resource-metadata.ts'
import { findServerMetadata } from './find-server-metadata.ts'
import { tryRegistration } from './try-registration.ts'

const MAX_ISSUERS = 3

/**
 * What an app would go through that was answered 401: from the resource's metadata (RFC 9728) to its authorization
 * servers (RFC 8414), each link held against what MCP asks for.
 */
export async function examineSignIn(
  url: URL,
  challenge: string | null,
  options: { readonly register: boolean },
): Promise<readonly Finding[]> {
  const found = await findResourceMetadata(url, challenge)
  const findings = [...found.findings]
  if (!found.metadata) return findings
  findings.push(...checkResourceMetadata(url, found.metadata, challenge))
  const { authorization_servers: issuers } = found.metadata
  for (const issuer of Array.isArray(issuers) ? issuers.slice(0, MAX_ISSUERS) : []) {
    const server = await findServerMetadata(url, issuer)
    findings.push(...server.findings)
    if (!server.metadata) continue
    findings.push(...checkServerMetadata(new URL(String(issuer)), server.metadata))
    if (options.register) findings.push(...(await tryRegistration(url, server.metadata)))
  }
  return findings
}
