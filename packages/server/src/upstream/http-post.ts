import { ParleyError } from '@parley/contract'
import type { Outlet, OutletStream } from '../egress/index.ts'
import type { Message } from '../lib/json-rpc.ts'
import { SseParser, SseTooLargeError, type SseEvent } from '../lib/sse.ts'
import { readMessage } from './message-reader.ts'

export interface PostOptions {
  readonly outlet: Outlet
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly method?: 'GET' | 'POST'
  readonly limitBytes: number
  /** 0 waits for ever between two parts of the answer. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
  onHeaders?(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void
  /** Each event of an event stream, before its message; for event ids. */
  onEvent?(event: SseEvent): void
  /** Each message, in order. Throwing ends the exchange with that error. */
  onMessage(message: Message): void
}

/** What the exchange came to when it ended by itself. */
export interface PostEnd {
  readonly status: number
  readonly kind: 'json' | 'stream' | 'empty' | 'other'
  /** The beginning of a body that is neither JSON nor an event stream, or of an error's. */
  readonly text: string
}

const OTHER_LIMIT_BYTES = 64 * 1024

/**
 * Sends one message and hands on what comes back, from a JSON body or an event stream alike (MCP, Streamable HTTP).
 * Resolves at the end of the answer; rejects with a ParleyError. Aborting the signal closes the stream, which is how
 * a modern request is cancelled.
 */
export function postMessage(options: PostOptions): Promise<PostEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<PostEnd>()
  const parser = new SseParser(options.limitBytes)
  let kind: PostEnd['kind'] = 'empty'
  let status = 0
  let chunks: Buffer[] = []
  let size = 0
  const running: { stream?: OutletStream } = {}
  const onAbort = () => fail(options.signal.reason)
  const fail = (error: unknown) => {
    running.stream?.abort()
    options.signal.removeEventListener('abort', onAbort)
    reject(toUpstreamError(error))
  }
  const attempt = (work: () => void) => {
    try {
      work()
    } catch (error) {
      fail(error)
    }
  }
  if (options.signal.aborted) {
    reject(options.signal.reason as Error)
    return promise
  }
  options.signal.addEventListener('abort', onAbort, { once: true })
  running.stream = options.outlet.stream(
    {
      method: options.method ?? 'POST',
      path: options.path,
      headers: options.headers,
      ...(options.body === undefined ? {} : { body: options.body }),
      idleTimeoutMs: options.idleTimeoutMs,
    },
    {
      onStart(code, headers) {
        status = code
        kind = kindOf(String(headers['content-type'] ?? ''))
        attempt(() => options.onHeaders?.(code, headers))
      },
      onChunk(chunk) {
        attempt(() => {
          if (kind === 'stream') {
            for (const event of parser.push(chunk)) takeEvent(event, options)
            return
          }
          size += chunk.length
          if (kind === 'json' && size > options.limitBytes) throw tooLarge(options.limitBytes)
          if (kind === 'json' || size <= OTHER_LIMIT_BYTES) chunks.push(chunk)
        })
      },
      onEnd() {
        options.signal.removeEventListener('abort', onAbort)
        attempt(() => {
          const body = Buffer.concat(chunks)
          chunks = []
          if (kind === 'json' && body.length > 0 && status < 300) options.onMessage(readMessage(body))
          else if (kind === 'json' && body.length > 0) readErrorBody(body, options)
          resolve({
            status,
            kind: body.length === 0 && kind !== 'stream' ? 'empty' : kind,
            text: body.toString('utf8', 0, 2000),
          })
        })
      },
      onError: fail,
    },
  )
  return promise
}

/** An error status may carry a JSON-RPC error, or anything. Only the former is a message. */
function readErrorBody(body: Buffer, options: PostOptions): void {
  let message: Message
  try {
    message = readMessage(body)
  } catch {
    // The status alone tells the caller what it needs.
    return
  }
  options.onMessage(message)
}

function takeEvent(event: SseEvent, options: PostOptions): void {
  options.onEvent?.(event)
  if (event.data !== '' && (event.event === undefined || event.event === 'message')) {
    options.onMessage(readMessage(Buffer.from(event.data)))
  }
}

function kindOf(contentType: string): PostEnd['kind'] {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  return type === 'text/event-stream' ? 'stream' : 'other'
}

function tooLarge(limitBytes: number): ParleyError {
  return new ParleyError('upstream_invalid', `The server's answer is larger than ${limitBytes} bytes.`)
}

function toUpstreamError(error: unknown): Error {
  if (error instanceof ParleyError) return error
  if (error instanceof SseTooLargeError)
    return new ParleyError('upstream_invalid', error.message, { cause: error })
  return new ParleyError('upstream_unavailable', 'The exchange with the server was broken off.', {
    cause: error,
  })
}
