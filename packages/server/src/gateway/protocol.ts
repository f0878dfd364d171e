import { REVISIONS, type Revision } from '@parley/contract'
import type { Era } from '../upstream/index.ts'

/** The revisions that clients may speak to the hub, newest first. */
export const SUPPORTED_VERSIONS: readonly Revision[] = REVISIONS
export const MODERN: Era = '2026-07-28'
/** The era of sessions, by its newest revision. */
export const LEGACY = '2025-11-25' satisfies Era

/** `_meta` keys of MCP 2026-07-28, General fields. */
export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const

/** RFC 5424 severities, least severe first (MCP, Logging). */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** Requests whose `Mcp-Name` header mirrors a field of `params` (MCP 2026-07-28, Standard Request Headers). */
export const NAME_FIELD: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

export const LIST_FIELDS = {
  'tools/list': { items: 'tools', kind: 'tool' },
  'prompts/list': { items: 'prompts', kind: 'prompt' },
  'resources/templates/list': { items: 'resourceTemplates', kind: 'template' },
  'resources/list': { items: 'resources', kind: undefined },
} as const

export type ListMethod = keyof typeof LIST_FIELDS

export function isListMethod(method: string): method is ListMethod {
  return Object.hasOwn(LIST_FIELDS, method)
}
