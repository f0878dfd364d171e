import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { SessionTerms, UpstreamInfo } from './channel.ts'

/** Session revisions that are spoken to upstreams, newest first; they differ in nothing that is used here. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26']

/** Visible ASCII (MCP 2025-11-25, Session Management), and no longer than a header should be. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/

export function initializeParams(terms: SessionTerms): JsonObject {
  return {
    protocolVersion: LEGACY_VERSIONS[0]!,
    capabilities: terms.capabilities,
    clientInfo: terms.clientInfo,
  }
}

/** Reads an `InitializeResult`; throws `upstream_unavailable` or `upstream_invalid`. */
export function toLegacyInfo(outcome: Outcome): UpstreamInfo {
  if ('error' in outcome) {
    throw new ParleyError(
      'upstream_invalid',
      `The server refused to initialize: ${outcome.error.message.slice(0, 200)}`,
    )
  }
  const { result } = outcome
  const version = result['protocolVersion']
  if (typeof version !== 'string' || !LEGACY_VERSIONS.includes(version)) throw unknownVersions([version])
  return {
    era: '2025-11-25',
    capabilities: asObject(result['capabilities']) ?? {},
    serverInfo: asObject(result['serverInfo']),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    discover: undefined,
    initialize: result,
  }
}

/** The revision that a session negotiated. */
export function versionOf(info: UpstreamInfo): string | undefined {
  const version = info.initialize?.['protocolVersion']
  return typeof version === 'string' ? version : undefined
}

export function unknownVersions(theirs: readonly unknown[]): ParleyError {
  const listed = theirs.slice(0, 5).map((version) => String(version).slice(0, 20))
  return new ParleyError(
    'upstream_invalid',
    `The server speaks protocol version ${listed.join(', ')}; Parley speaks 2026-07-28, ${LEGACY_VERSIONS.join(', ')}.`,
  )
}

/** The session id of an `initialize` answer; a server may have none. */
export function readSessionId(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && SESSION_ID.test(header)) return header
  throw new ParleyError('upstream_invalid', 'The server gave a session id that no header can carry.')
}

function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}
