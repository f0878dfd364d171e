import { knows, type SessionRevision } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** A content block as the client's revision knows it: one of a kind it does not know would spoil the whole result. */
export function toClientContent(revision: SessionRevision, block: unknown): unknown {
  if (!isObject(block)) return block
  if (block['type'] === 'audio' && !knows(revision, 'audio')) return toEmbedded(block)
  if (block['type'] === 'resource_link' && !knows(revision, 'resourceLinks')) return toText(block)
  return block
}

/** Audio as the bytes that it is, in a resource that stands in the result itself (MCP 2024-11-05, Embedded Resources). */
function toEmbedded({ data, mimeType, annotations }: JsonObject): JsonObject {
  return {
    type: 'resource',
    resource: { uri: 'embedded:audio', mimeType, blob: data },
    ...(annotations === undefined ? {} : { annotations }),
  }
}

function toText({ uri, name, description, annotations }: JsonObject): JsonObject {
  const words = [name, description].filter((part) => typeof part === 'string' && part !== '')
  return {
    type: 'text',
    text: words.length === 0 ? String(uri) : `${words.join(': ')} (${String(uri)})`,
    ...(annotations === undefined ? {} : { annotations }),
  }
}
