import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { ServerNotification } from './channel.ts'

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'

/** Notifications that only a subscription brings (MCP 2026-07-28, Subscriptions). */
const OF_SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/subscriptions/acknowledged',
  'notifications/cancelled',
])

/**
 * True when a notification on the stream of a modern request may be the request's own: progress with its token, log
 * messages if it asked for them, and whatever extensions define.
 */
export function belongsToRequest(
  { method, params }: ServerNotification,
  request: JsonObject | undefined,
): boolean {
  const meta = metaOf(request)
  if (method === 'notifications/progress') {
    return meta['progressToken'] !== undefined && params?.['progressToken'] === meta['progressToken']
  }
  if (method === 'notifications/message') return asksForLogs(request)
  return !OF_SUBSCRIPTIONS.has(method)
}

export function asksForLogs(request: JsonObject | undefined): boolean {
  return metaOf(request)[LOG_LEVEL] !== undefined
}

export function metaOf(params: JsonObject | undefined): JsonObject {
  const meta = params?.['_meta']
  return isObject(meta) ? meta : {}
}
