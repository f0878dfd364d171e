import { refuse, type Refusal } from './refusal.ts'

export type Message = { readonly kind: 'message'; readonly value: unknown } | Refusal

/**
 * A JSON-RPC body, parsed unless it is already. What cannot be parsed is refused: a server that could read it after all
 * would carry out what was not looked at.
 */
export function readMessage(body: unknown): Message {
  const text = body instanceof Uint8Array ? decode(body) : body
  if (typeof text !== 'string') {
    return text === undefined ? unreadable() : { kind: 'message', value: text }
  }
  try {
    return { kind: 'message', value: JSON.parse(text) as unknown }
  } catch {
    return unreadable()
  }
}

/** The bodies that are read to look for tool calls hold at most this, unless the framework's own limit is lower. */
export const BODY_LIMIT_BYTES = 4 * 1_048_576

export function refuseLargeBody(): Refusal {
  return refuse(413, rpcError(-32_600, `The body is larger than ${BODY_LIMIT_BYTES} bytes.`))
}

/** With an encoding that the guard does not undo, the body would be one thing here and another behind. */
export function refuseEncodedBody(): Refusal {
  return refuse(415, rpcError(-32_600, 'Send the body without a content encoding.'))
}

function unreadable(): Refusal {
  return refuse(400, rpcError(-32_700, 'The body must be JSON.'))
}

function rpcError(code: number, message: string): unknown {
  return { jsonrpc: '2.0', id: null, error: { code, message } }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
