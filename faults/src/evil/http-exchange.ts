import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerContext } from './evil-http.ts'
import type { Json } from './evil-state.ts'
import type { Exchange } from './exchange.ts'

/** Requests of the server's own that wait for the client's answer, by id. */
export type PendingRequests = Map<string, (answer: Json) => void>

interface Arrived {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly message: Json
  readonly raw: string
}

/** One request over HTTP: a JSON answer, or an event stream once something else was sent first. */
export function createHttpExchange(context: ServerContext, arrived: Arrived): Exchange {
  const { request, response, message, raw } = arrived
  const params = (message['params'] as Json | undefined) ?? {}
  const id = message['id']
  const abort = trackCancellation(context, arrived)
  function write(event: Json): void {
    if (response.destroyed || response.writableEnded) return
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`event: message\ndata: ${JSON.stringify(event)}\n\n`)
  }
  function finish(outcome: Json): void {
    const body = { jsonrpc: '2.0', id, ...outcome }
    if (response.destroyed) return
    if (response.headersSent) {
      write(body)
      response.end()
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
  }
  return {
    era: context.era,
    state: context.state,
    id,
    message,
    params,
    args: (params['arguments'] as Json | undefined) ?? {},
    raw,
    signal: abort.signal,
    wire: { kind: 'http', request, response },
    result: (result) => finish({ result }),
    error: (code, text, data) =>
      finish({ error: { code, message: text, ...(data === undefined ? {} : { data }) } }),
    notify: (method, notificationParams) => write({ jsonrpc: '2.0', method, params: notificationParams }),
    serverRequest: (method, requestParams, requestId = randomUUID()) =>
      new Promise((resolve) => {
        context.pending.set(requestId, resolve)
        write({ jsonrpc: '2.0', id: requestId, method, params: requestParams })
      }),
  }
}

function trackCancellation(context: ServerContext, { request, response, message }: Arrived): AbortController {
  const abort = new AbortController()
  const params = message['params'] as Json | undefined
  const key = `${String(request.headers['mcp-session-id'])}|${JSON.stringify(message['id'])}`
  context.running.set(key, abort)
  abort.signal.addEventListener('abort', () => {
    const via = abort.signal.reason === 'notification' ? 'notification' : 'closed'
    context.state.cancelled.push({
      at: performance.now(),
      name: String(params?.['name'] ?? message['method']),
      via,
    })
  })
  response.on('close', () => {
    if (context.running.get(key) === abort) context.running.delete(key)
    if (!response.writableEnded) abort.abort('closed')
  })
  return abort
}
