import { gzipSync } from 'node:zlib'
import type { ServerResponse } from 'node:http'
import type { Behaviour, Exchange } from './exchange.ts'
import { numberArgument, textArgument, textResult, waitIn } from './exchange.ts'

/** Faults below the message: broken, endless, oversized or lying bytes. Each has a twin for stdio where one exists. */
export const wireBehaviours: Readonly<Record<string, Behaviour>> = {
  rst: (exchange) =>
    onHttp(
      exchange,
      (response) => response.socket?.resetAndDestroy(),
      () => process.exit(9),
    ),
  rst_mid: resetInTheMiddle,
  drip,
  endless_headers: endlessHeaders,
  endless_body: endlessBody,
  gzip_bomb: gzipBomb,
  redirect: redirectElsewhere,
  garbage: (exchange) => sendRaw(exchange, '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":'),
  not_json: (exchange) => sendRaw(exchange, '<html>502 Bad Gateway</html>'),
  wrong_id: (exchange) => sendRaw(exchange, envelope(exchange, { id: 'somebody-else' })),
  no_id: (exchange) => sendRaw(exchange, envelope(exchange, { id: undefined })),
  null_result: (exchange) =>
    sendRaw(exchange, JSON.stringify({ jsonrpc: '2.0', id: exchange.id, result: null })),
  both: (exchange) => sendRaw(exchange, envelope(exchange, { error: { code: 1, message: 'both' } })),
  array: (exchange) => sendRaw(exchange, `[${envelope(exchange, {})}]`),
  duplicate_keys: (exchange) =>
    sendRaw(
      exchange,
      `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.id)},"result":{"content":[]},"result":{"evil":1}}`,
    ),
  deep: (exchange) => {
    const depth = numberArgument(exchange, 'depth', 100_000)
    sendRaw(
      exchange,
      `{"jsonrpc":"2.0","id":${JSON.stringify(exchange.id)},"result":{"content":[],"x":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
    )
  },
  huge: sendHuge,
  huge_event: sendHugeEvent,
  bad_sse: (exchange) =>
    onHttp(exchange, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        'data: {"jsonrpc":\nid\0: 3\nevent: message\n\ndata:\n\n: comment\nfoo: bar\ndata: nonsense\n\n',
      )
    }),
  no_final: (exchange) =>
    onHttp(exchange, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(': the stream ends and never answers\n\n')
    }),
  wrong_type: (exchange) =>
    onHttp(exchange, (response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(envelope(exchange, {}))
    }),
  status: (exchange) =>
    onHttp(exchange, (response) => {
      response
        .writeHead(numberArgument(exchange, 'status', 500), { 'www-authenticate': 'Bearer' })
        .end('evil status page')
    }),
  set_headers: (exchange) =>
    onHttp(exchange, (response) => {
      const headers = {
        'set-cookie': 'evil=1',
        'x-evil': '1',
        'access-control-allow-origin': '*',
        refresh: '0; url=http://evil.test/',
        'clear-site-data': '"*"',
        link: '<http://evil.test/>; rel=preload',
      }
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(envelope(exchange, {}))
    }),
}

function onHttp(
  exchange: Exchange,
  act: (response: ServerResponse) => unknown,
  elsewhere?: () => void,
): void {
  if (exchange.wire.kind === 'http') act(exchange.wire.response)
  else if (elsewhere) elsewhere()
  else exchange.result(textResult(exchange, 'nothing to break over stdio'))
}

function sendRaw(exchange: Exchange, text: string): void {
  if (exchange.wire.kind === 'stdio') exchange.wire.write(`${text}\n`)
  else exchange.wire.response.writeHead(200, { 'content-type': 'application/json' }).end(text)
}

function envelope(exchange: Exchange, change: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: exchange.id, result: textResult(exchange, 'evil'), ...change })
}

async function resetInTheMiddle(exchange: Exchange): Promise<void> {
  if (exchange.wire.kind === 'stdio') {
    exchange.wire.write('{"jsonrpc":"2.0","id":1,"res')
    setTimeout(() => process.exit(9), 50)
    return
  }
  const { response } = exchange.wire
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' })
  response.write('{"jsonrpc":"2.0",')
  await waitIn(exchange, 30)
  response.socket?.resetAndDestroy()
}

/** One byte at a time, `intervalMs` apart: alive, yet never done. */
async function drip(exchange: Exchange): Promise<void> {
  const text = envelope(exchange, {})
  const intervalMs = numberArgument(exchange, 'intervalMs', 200)
  if (exchange.wire.kind === 'http')
    exchange.wire.response.writeHead(200, { 'content-type': 'application/json' })
  for (const byte of text) {
    if (exchange.wire.kind === 'http') exchange.wire.response.write(byte)
    else exchange.wire.write(byte)
    if (!(await waitIn(exchange, intervalMs))) return
  }
  if (exchange.wire.kind === 'http') exchange.wire.response.end()
  else exchange.wire.write('\n')
}

async function endlessHeaders(exchange: Exchange): Promise<void> {
  if (exchange.wire.kind === 'stdio')
    return void exchange.result(textResult(exchange, 'no headers over stdio'))
  const socket = exchange.wire.response.socket
  socket?.write('HTTP/1.1 200 OK\r\n')
  for (let line = 0; socket && !socket.destroyed && line < 20_000; line += 1) {
    socket.write(`X-Endless-${line}: ${'x'.repeat(100)}\r\n`)
    if (line % 50 === 49 && !(await waitIn(exchange, 5))) return
  }
}

/** Writes until the other side cuts it; what it cost is read off the other process's memory. */
async function endlessBody(exchange: Exchange): Promise<void> {
  const chunk = 'x'.repeat(65_536)
  if (exchange.wire.kind === 'stdio') {
    exchange.wire.write('{"jsonrpc":"2.0","x":"')
    for (let sent = 0; sent < 16_000 && !exchange.signal.aborted; sent += 1) {
      exchange.wire.write(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return exchange.wire.write('"}\n')
  }
  const { response } = exchange.wire
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"jsonrpc":"2.0","x":"')
  while (!exchange.signal.aborted && !response.destroyed) {
    if (!response.write(chunk)) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve)
        response.once('close', resolve)
      })
    }
  }
}

/** About 100 KB on the wire, 100 MB when inflated. */
function gzipBomb(exchange: Exchange): void {
  onHttp(exchange, (response) => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20))
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
  })
}

function redirectElsewhere(exchange: Exchange): void {
  onHttp(exchange, (response) => {
    response
      .writeHead(numberArgument(exchange, 'status', 302), { location: textArgument(exchange, 'to', '/') })
      .end()
  })
}

function sendHuge(exchange: Exchange): void {
  const filler = 'x'.repeat(numberArgument(exchange, 'bytes', 50_000_000))
  exchange.result(textResult(exchange, filler))
}

function sendHugeEvent(exchange: Exchange): void {
  const filler = 'x'.repeat(numberArgument(exchange, 'bytes', 50_000_000))
  exchange.notify('notifications/progress', { progressToken: 'huge', progress: 1, message: filler })
  exchange.result(textResult(exchange, 'after the huge event'))
}
