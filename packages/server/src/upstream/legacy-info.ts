import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { UpstreamInfo } from './channel.ts'

/** Session revisions that are spoken to upstreams, newest first; they differ in nothing that is used here. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26']

/** Reads an `InitializeResult`; throws `upstream_unavailable` or `upstream_invalid`. */
export function toLegacyInfo(outcome: Outcome): UpstreamInfo {
  if ('error' in outcome) {
    throw new ParleyError(
      'upstream_unavailable',
      `The server refused to initialize: ${outcome.error.message.slice(0, 200)}`,
    )
  }
  const { result } = outcome
  const version = result['protocolVersion']
  if (typeof version !== 'string' || !LEGACY_VERSIONS.includes(version)) {
    throw new ParleyError(
      'upstream_invalid',
      `The server speaks protocol version ${String(version).slice(0, 40)}; Parley speaks 2026-07-28, ${LEGACY_VERSIONS.join(', ')}.`,
    )
  }
  return {
    era: '2025-11-25',
    capabilities: asObject(result['capabilities']) ?? {},
    serverInfo: asObject(result['serverInfo']),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    discover: undefined,
    initialize: result,
  }
}

/** Reads a `DiscoverResult` (MCP 2026-07-28, Discovery). */
export function toModernInfo(result: JsonObject): UpstreamInfo {
  return {
    era: '2026-07-28',
    capabilities: asObject(result['capabilities']) ?? {},
    serverInfo: asObject(asObject(result['_meta'])?.['io.modelcontextprotocol/serverInfo']),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    discover: result,
    initialize: undefined,
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}
