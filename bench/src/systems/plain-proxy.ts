/**
 * The yardstick: the fastest plain proxy that node:http and undici give without any logic. Request bodies are
 * buffered, answers pass through as they come. Arguments: the upstream's port. Prints its own port when ready.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { Pool } from 'undici'

const UPSTREAM_CONNECTIONS = 64
/** RFC 9110 §7.6.1, and what undici or node:http write themselves. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'host',
])

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, {
  connections: UPSTREAM_CONNECTIONS,
  pipelining: 1,
  bodyTimeout: 0,
  headersTimeout: 0,
})

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () =>
    forward(request, response, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
  )
})
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port))
process.on('SIGTERM', () => process.exit(0))

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const options: Dispatcher.DispatchOptions = {
    method: request.method as Dispatcher.HttpMethod,
    path: request.url ?? '/',
    headers: endToEnd(request.rawHeaders),
    body: body.length > 0 ? body : null,
  }
  let upstream: Dispatcher.DispatchController | undefined
  response.on('close', () => {
    if (!response.writableFinished) upstream?.abort(new Error('the client has gone'))
  })
  pool.dispatch(options, {
    onRequestStart(controller) {
      upstream = controller
    },
    onResponseStart(controller, statusCode) {
      response.writeHead(statusCode, endToEnd(controller.rawHeaders as Buffer[]))
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError(_controller, error) {
      if (response.headersSent) response.destroy(error)
      else response.writeHead(502).end()
    },
  })
}

/** Name and value in turn, as both libraries take and give them, without hop-by-hop fields. */
function endToEnd(raw: readonly (string | Buffer)[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString('latin1')
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, raw[i + 1]!.toString('latin1'))
  }
  return kept
}
