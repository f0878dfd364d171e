/**
 * A proxy without any logic whose two sides can be chosen: which client asks the upstream, and how the answer is
 * written. Arguments: the upstream's port, `undici` or `lane`, one of `REPLIES`. Prints its own port when ready.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { createEgress } from '../../../packages/server/src/egress/index.ts'
import { WriteBatch } from '../../../packages/server/src/lib/write-batch.ts'

/** Takes one whole answer. */
type Answered = (status: number, body: Buffer) => void
type Ask = (request: IncomingMessage, body: Buffer, answered: Answered) => void

const CONNECTIONS = 64
const TYPE = 'application/json'
const [port, client, reply] = process.argv.slice(2)

const REPLIES: Readonly<Record<string, (response: ServerResponse, status: number, body: Buffer) => void>> = {
  buffer(response, status, body) {
    response.writeHead(status, ['content-type', TYPE, 'content-length', String(body.length)])
    response.end(body)
  },
  string(response, status, body) {
    response.writeHead(status, ['content-type', TYPE, 'content-length', String(body.length)])
    response.end(body.toString('latin1'), 'latin1')
  },
  object(response, status, body) {
    response.writeHead(status, { 'content-type': TYPE, 'content-length': body.length })
    response.end(body.toString('latin1'), 'latin1')
  },
}

const ask = client === 'lane' ? askByLane() : askByUndici()
const write = REPLIES[reply ?? 'buffer']!

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    ask(request, body, (status, answer) => write(response, status, answer))
  })
})
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port))
process.on('SIGTERM', () => process.exit(0))

function askByUndici(): Ask {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 })
  return (request, body, answered) => {
    let status = 0
    const chunks: Buffer[] = []
    const headers = mcpHeaders(request).flat()
    pool.dispatch(
      { method: 'POST', path: request.url!, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => answered(status, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
        onResponseError: (_controller, error) => request.destroy(error),
      },
    )
  }
}

function askByLane(): Ask {
  const url = `http://127.0.0.1:${port}`
  const timeouts = { upstreamConnectTimeoutMs: 5000, upstreamTimeoutMs: 60_000 }
  const sizes = { upstreamResponseBytes: 10_000_000, clientMetadataBytes: 10_240, webhookTimeoutMs: 1000 }
  const limits = { ...timeouts, ...sizes, upstreamConnections: CONNECTIONS }
  const egress = createEgress({ limits, writes: new WriteBatch(), ownListeners: () => [] })
  const { lane } = egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'benchmark') })
  const senders = new Map<string, ReturnType<typeof lane.endpoint>>()
  return (request, body, answered) => {
    const path = request.url!
    let send = senders.get(path)
    if (!send) {
      send = lane.endpoint({ path, head: '', headersTimeoutMs: 60_000, idleTimeoutMs: 60_000 })
      senders.set(path, send)
    }
    let status = 0
    let expected = -1
    let chunks: Buffer[] | undefined
    let head = ''
    for (const [name, value] of mcpHeaders(request)) head += `${name}: ${value}\r\n`
    send(head, body, {
      onHead(response) {
        status = response.status
        expected = response.contentLength
      },
      onData(chunk) {
        if (chunks === undefined && chunk.length === expected) return answered(status, chunk)
        chunks ??= []
        chunks.push(chunk)
      },
      onEnd() {
        if (chunks) answered(status, Buffer.concat(chunks))
      },
      onError: (error) => request.destroy(error),
    })
  }
}

/** The same fields for both clients. */
function mcpHeaders({ headers }: IncomingMessage): [string, string][] {
  return [
    ['content-type', TYPE],
    ['accept', 'application/json, text/event-stream'],
    ['mcp-protocol-version', String(headers['mcp-protocol-version'])],
    ['mcp-method', String(headers['mcp-method'])],
    ['mcp-name', String(headers['mcp-name'])],
  ]
}
