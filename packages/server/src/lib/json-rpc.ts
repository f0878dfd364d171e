/** JSON-RPC 2.0 messages as MCP uses them: ids are strings or integers, never null (MCP 2026-07-28, Messages). */
export type JsonObject = { readonly [key: string]: unknown }
export type MessageId = string | number

export interface RequestMessage {
  readonly jsonrpc: '2.0'
  readonly id: MessageId
  readonly method: string
  readonly params?: JsonObject
}

export interface NotificationMessage {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: JsonObject
}

export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

export type Outcome = { readonly result: JsonObject } | { readonly error: RpcError }
export type ResponseMessage = { readonly jsonrpc: '2.0'; readonly id: MessageId } & Outcome

export type Message =
  | { readonly kind: 'request'; readonly message: RequestMessage }
  | { readonly kind: 'notification'; readonly message: NotificationMessage }
  | { readonly kind: 'response'; readonly message: ResponseMessage }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isMessageId(value: unknown): value is MessageId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))
}

/** Sorts a parsed value into request, notification or response; undefined when it is none of them (JSON-RPC 2.0 §4, §5). */
export function classifyMessage(value: unknown): Message | undefined {
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return undefined
  const { id, method, params, result, error } = value
  if (typeof method === 'string') {
    if (params !== undefined && !isObject(params)) return undefined
    if (result !== undefined || error !== undefined) return undefined
    const base =
      params === undefined ? { jsonrpc: '2.0' as const, method } : { jsonrpc: '2.0' as const, method, params }
    if (id === undefined) return { kind: 'notification', message: base }
    return isMessageId(id) ? { kind: 'request', message: { ...base, id } } : undefined
  }
  if (method !== undefined || !isMessageId(id)) return undefined
  if (isObject(result) && error === undefined)
    return { kind: 'response', message: { jsonrpc: '2.0', id, result } }
  if (result === undefined && isRpcError(error))
    return { kind: 'response', message: { jsonrpc: '2.0', id, error } }
  return undefined
}

export function isRpcError(value: unknown): value is RpcError {
  return isObject(value) && Number.isSafeInteger(value['code']) && typeof value['message'] === 'string'
}
