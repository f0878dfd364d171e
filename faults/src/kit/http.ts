import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request as httpRequest } from 'node:http'
import type { Json } from '../evil/evil-state.ts'
import { EventReader } from './sse.ts'

/** Where the hub is and the key that opens it. */
export interface Target {
  readonly port: number
  readonly key: string
}

export interface HttpRequest {
  readonly method?: string
  readonly path: string
  /** Flat name, value, name, value, so that a header may stand twice. The key is added unless `anonymous`. */
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
  readonly anonymous?: boolean
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed body; undefined when it is not JSON. */
  readonly json: Json | undefined
  /** JSON-RPC messages in the order they came: of the event stream, or the one of a JSON body. */
  readonly messages: readonly Json[]
  /** The answer: the message with a result or an error. */
  readonly answer: Json | undefined
  readonly milliseconds: number
}

const DEFAULT_TIMEOUT_MS = 15_000
const REPLY_LIMIT_BYTES = 80_000_000
const sharedAgent = new Agent({ keepAlive: true, maxSockets: 256, keepAliveMsecs: 500, timeout: 60_000 })

/** Sends one request and reads the whole reply. Rejects when no reply came: a refused, reset or silent connection. */
export async function send(target: Target, request: HttpRequest): Promise<Reply> {
  const started = performance.now()
  const response = await begin(target, request)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += (chunk as Buffer).length
    if (size > REPLY_LIMIT_BYTES) throw new Error(`reply larger than ${REPLY_LIMIT_BYTES} bytes`)
    chunks.push(chunk as Buffer)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return readReply(response, text, performance.now() - started)
}

/** Sends a request and resolves with the response as soon as its head is there, the body unread. */
export function begin(target: Target, request: HttpRequest): Promise<IncomingMessage> {
  const headers = [...(request.headers ?? [])]
  const names = new Set(headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  if (!names.has('host')) headers.push('Host', `localhost:${target.port}`)
  if (!request.anonymous && !names.has('authorization')) headers.push('Authorization', `Bearer ${target.key}`)
  if (request.body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    headers.push('Content-Length', String(Buffer.byteLength(request.body)))
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: target.port,
      method: request.method ?? 'POST',
      path: request.path,
      headers,
      agent: sharedAgent,
      timeout: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(request.signal ? { signal: request.signal } : {}),
    })
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer within ${request.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms`)),
    )
    outgoing.on('error', reject)
    outgoing.on('response', resolve)
    outgoing.end(request.body)
  })
}

function readReply(response: IncomingMessage, text: string, milliseconds: number): Reply {
  const isStream = String(response.headers['content-type'] ?? '').startsWith('text/event-stream')
  const json = isStream ? undefined : parse(text)
  const messages = isStream
    ? new EventReader()
        .push(`${text}\n\n`)
        .map(parse)
        .filter((message) => message !== undefined)
    : json
      ? [json]
      : []
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json,
    messages,
    answer: messages.find((message) => 'result' in message || 'error' in message),
    milliseconds,
  }
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
