import {
  ParleyError,
  REVISIONS,
  SESSION_REVISIONS,
  isSessionRevision,
  knows,
  type SessionRevision,
} from '@parley/contract'
import { isObject, type JsonObject, type Outcome, type RpcError } from '../lib/json-rpc.ts'
import type { SessionTerms, UpstreamInfo } from './channel.ts'

/** Visible ASCII (MCP 2025-11-25, Session Management), and no longer than a header should be. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/

/**
 * `initialize` with the newest revision that has sessions, and once more with the newest that the server names when it
 * refuses that (MCP, Lifecycle: Version Negotiation). Throws `upstream_unavailable` or `upstream_invalid`.
 */
export async function initialize(
  terms: SessionTerms,
  exchange: (params: JsonObject) => Promise<Outcome>,
): Promise<UpstreamInfo & { revision: SessionRevision }> {
  const ask = (protocolVersion: SessionRevision) =>
    exchange({ protocolVersion, capabilities: terms.capabilities, clientInfo: terms.clientInfo })
  const first = await ask(SESSION_REVISIONS[0]!)
  const other = 'error' in first ? offeredInstead(first.error) : undefined
  return toLegacyInfo(other ? await ask(other) : first)
}

function offeredInstead({ data }: RpcError): SessionRevision | undefined {
  const supported = isObject(data) ? data['supported'] : undefined
  if (!Array.isArray(supported)) return undefined
  return SESSION_REVISIONS.slice(1).find((revision) => supported.includes(revision))
}

/** Reads an `InitializeResult`; throws `upstream_unavailable` or `upstream_invalid`. */
function toLegacyInfo(outcome: Outcome): UpstreamInfo & { revision: SessionRevision } {
  if ('error' in outcome) {
    throw new ParleyError(
      'upstream_invalid',
      `The server refused to initialize: ${outcome.error.message.slice(0, 200)}`,
    )
  }
  const { result } = outcome
  const revision = result['protocolVersion']
  if (!isSessionRevision(revision)) throw unknownVersions([revision])
  return {
    era: '2025-11-25',
    revision,
    capabilities: withCompletions(revision, asObject(result['capabilities']) ?? {}),
    serverInfo: asObject(result['serverInfo']),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    discover: undefined,
    initialize: result,
  }
}

/** A server of 2024-11-05 has no way to say that it completes arguments; those of prompts and resources it may. */
function withCompletions(revision: SessionRevision, capabilities: JsonObject): JsonObject {
  const mayComplete = isObject(capabilities['prompts']) || isObject(capabilities['resources'])
  return mayComplete && !knows(revision, 'completions') ? { ...capabilities, completions: {} } : capabilities
}

export function unknownVersions(theirs: readonly unknown[]): ParleyError {
  const listed = theirs.slice(0, 5).map((version) => String(version).slice(0, 20))
  return new ParleyError(
    'upstream_invalid',
    `The server speaks protocol version ${listed.join(', ')}; Parley speaks ${REVISIONS.join(', ')}.`,
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
