import {
  BODY_LIMIT_BYTES,
  readMessage,
  refuseEncodedBody,
  refuseLargeBody,
  type Message,
} from './read-message.ts'

/** What is needed of `http.IncomingMessage`. */
export interface NodeRequest {
  readonly method?: string
  readonly url?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly readableEnded: boolean
  /** Where body parsers leave what they read. */
  body?: unknown
  [Symbol.asyncIterator](): AsyncIterator<unknown>
}

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS'])

export function hasBody({ method }: { readonly method?: string }): boolean {
  return !WITHOUT_BODY.has(method ?? 'GET')
}

/** The body of a request, from the parser that has read it or else from the connection. */
export async function readNodeBody(request: NodeRequest): Promise<Message> {
  // Some parsers leave an empty object behind for a body that they did not read.
  if (request.body !== undefined && request.readableEnded) return readMessage(request.body)
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return refuseEncodedBody()
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return refuseLargeBody()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > BODY_LIMIT_BYTES) return refuseLargeBody()
    text += decoder.decode(chunk, { stream: true })
  }
  return readMessage(text + decoder.decode())
}
