import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS } from '@parley/contract'
import type { ParleyError } from '@parley/contract'
import { STATUS_CODES } from '../lib/node-http.ts'

/** How long, and how much, a client that was refused may go on sending before its connection is destroyed. */
const LINGER_MS = 1000
const LINGER_BYTES = 4 * 1_048_576

/** Larger bodies are not copied once more. */
const ONE_PIECE_BYTES = 16_384

/** What every response of ours carries: never guess its type, never keep it. */
const SAFE_HEADERS = ['x-content-type-options', 'nosniff', 'cache-control', 'no-store']

/**
 * Sends a JSON body with its length in one write. `headers` is a flat name, value list. Does nothing when the
 * response has begun or the client is gone.
 */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: readonly string[] = [],
): void {
  sendBody(response, status, ['content-type', 'application/json', ...headers], body)
}

/** Sends an error as problem details (RFC 9457): its code and public message, never its detail or cause. */
export function sendProblem(
  response: ServerResponse,
  error: ParleyError,
  headers: readonly string[] = [],
): void {
  const status = ERRORS[error.code].http
  sendBody(
    response,
    status,
    ['content-type', 'application/problem+json', ...headers],
    problemBody(error, status),
  )
}

/** A refusal in the words of a face. */
export interface RefusalForm {
  readonly type: string
  readonly body: string
}

/**
 * Refuses a request before its body was read: answers, closes, and reads on for a moment, because a reset that meets
 * unread bytes would take the answer away from the client (RFC 9112 §9.6). On the MCP endpoints the body is a
 * JSON-RPC error without id.
 */
export function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  error: ParleyError,
  options: { asJsonRpc: boolean } | RefusalForm,
): void {
  const { socket } = request
  if (response.headersSent || !socket.writable) {
    socket.destroy()
    return
  }
  const { http: status } = ERRORS[error.code]
  const { type, body } = 'body' in options ? options : formOf(error, options.asJsonRpc)
  if (response.socket === null) {
    // Earlier answers of a pipelining client are still to be sent; node:http keeps their order.
    return sendBody(response, status, ['connection', 'close', 'content-type', type], body)
  }
  // Straight to the socket: node:http destroys a closing connection the moment its response is flushed.
  const head = [
    'connection',
    'close',
    'content-type',
    type,
    'content-length',
    String(Buffer.byteLength(body)),
    ...SAFE_HEADERS,
  ]
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${formatHeaders(head)}\r\n${body}`)
  linger(request)
}

function formOf(error: ParleyError, asJsonRpc: boolean): RefusalForm {
  const { http: status, jsonRpc } = ERRORS[error.code]
  return asJsonRpc
    ? {
        type: 'application/json',
        body: JSON.stringify({ jsonrpc: '2.0', error: { code: jsonRpc, message: error.message } }),
      }
    : { type: 'application/problem+json', body: problemBody(error, status) }
}

function formatHeaders(flat: readonly string[]): string {
  let text = ''
  for (let index = 0; index < flat.length; index += 2) text += `${flat[index]}: ${flat[index + 1]}\r\n`
  return text
}

function linger(request: IncomingMessage): void {
  const { socket } = request
  let bytes = 0
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  request.removeAllListeners('data')
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) socket.destroy()
  })
  request.on('end', () => socket.destroySoon())
}

/** Sends any body with its length. Does nothing when the response has begun or the client is gone. */
export function sendBody(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  body: string | Buffer,
): void {
  if (response.headersSent || response.writableEnded) return
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, [...headers, 'content-length', String(bytes.length), ...SAFE_HEADERS])
  // As text of single bytes a body goes out in one piece with its head.
  if (bytes.length <= ONE_PIECE_BYTES) response.end(bytes.toString('latin1'), 'latin1')
  else response.end(bytes)
}

function problemBody(error: ParleyError, status: number): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
  })
}
