import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from '../lib/node-http.ts'
import type { Limits } from '../config/index.ts'
import { Dispatcher } from './dispatcher.ts'
import type { DispatcherOptions } from './dispatcher.ts'
import { drainServer } from './drain-server.ts'
import type { EventStreams } from './event-streams.ts'
import { trackConnections } from './track-connections.ts'

export type ListenerLimits = Pick<
  Limits,
  | 'headerBytes'
  | 'headerTimeoutMs'
  | 'bodyTimeoutMs'
  | 'keepAliveMs'
  | 'connections'
  | 'connectionsPerAddress'
>

export interface ListenerOptions extends DispatcherOptions {
  readonly limits: ListenerLimits
  /** Told when the listener drains. */
  readonly streams: EventStreams
}

/** The hub's one HTTP/1.1 server. */
export interface Listener {
  /** Begins to listen; resolves with where. */
  start(): Promise<AddressInfo>
  /** Where it listens, for egress to refuse; empty before `start` and after the end. */
  addresses(): AddressInfo[]
  /** From now on `/readyz` says 503; resolves when the last connection is gone: true when none had to be cut. */
  drain(options: { limitMs: number; noticeMs?: number }): Promise<boolean>
  /** Cuts everything at once, also during a drain. */
  destroy(): void
}

/** How long a draining hub still accepts connections, so that balancers see `/readyz` before they see it gone. */
const NOTICE_MS = 250
const BACKLOG = 1024

export function createListener(options: ListenerOptions): Listener {
  const { listen } = options
  const dispatcher = new Dispatcher(options)
  const cut = new AbortController()
  const server = createHardenedServer(options.limits)
  // Behind a proxy every client has the proxy's address.
  const connections = trackConnections(
    server,
    listen.trustedProxy ? Infinity : options.limits.connectionsPerAddress,
  )
  server.on('request', (request, response) => dispatcher.answer(request, response))
  server.on('connect', (_, socket) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n'),
  )
  return Object.freeze({ start, addresses, drain, destroy })

  async function start(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen({ host: listen.host, port: listen.port, backlog: BACKLOG }, resolve)
    await promise
    server.off('error', reject)
    const address = server.address() as AddressInfo
    dispatcher.listensOn(address.port)
    return address
  }

  function addresses(): AddressInfo[] {
    const address = server.address()
    return typeof address === 'object' && address !== null ? [address] : []
  }

  function drain({
    limitMs,
    noticeMs = NOTICE_MS,
  }: {
    limitMs: number
    noticeMs?: number
  }): Promise<boolean> {
    dispatcher.isDraining = true
    const onNotice = () => options.streams.drain()
    return drainServer(server, connections, { limitMs, noticeMs, onNotice, signal: cut.signal })
  }

  function destroy(): void {
    dispatcher.isDraining = true
    cut.abort()
    server.close()
    server.closeAllConnections()
  }
}

/** node:http with every limit set: its defaults wait for minutes and count nothing. */
function createHardenedServer(limits: ListenerLimits): Server {
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(2000, Math.max(50, limits.headerTimeoutMs / 5)),
    // Checked by the dispatcher: node:http would still hand on what is pipelined behind the refused request.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  })
  // Node would drop what is beyond a count silently, and with it what the checks have to see.
  server.maxHeadersCount = 0
  server.maxConnections = limits.connections
  return server
}
