import type { JsonObject } from '../lib/json-rpc.ts'
import type { SessionTerms } from './channel.ts'

/** What the hub declares when it looks at a server for itself. */
export const HUB_TERMS: SessionTerms = Object.freeze({
  capabilities: { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } },
  clientInfo: { name: 'parley', version: '0.1.0' },
})

/** The metadata of a modern request that the hub makes for itself (MCP 2026-07-28, `_meta`). */
export const HUB_META: JsonObject = Object.freeze({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': HUB_TERMS.clientInfo,
  'io.modelcontextprotocol/clientCapabilities': HUB_TERMS.capabilities,
})
