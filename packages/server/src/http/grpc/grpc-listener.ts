import type { IncomingHttpHeaders, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Limits } from '../../config/index.ts'
import { trackConnections } from '../track-connections.ts'
import { Http2GrpcCall, type GrpcCall } from './grpc-call.ts'
import { GRPC_CODES } from './grpc-wire.ts'

export interface GrpcListenerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly trustedProxy: boolean
  readonly limits: Pick<
    Limits,
    | 'headerBytes'
    | 'bodyBytes'
    | 'bodyTimeoutMs'
    | 'keepAliveMs'
    | 'connections'
    | 'connectionsPerAddress'
    | 'streamBufferBytes'
  >
  readonly onCall: (call: GrpcCall) => void
  readonly onError: (error: unknown) => void
}

/** The hub's one HTTP/2 server: gRPC without TLS, which a proxy in front ends. */
export interface GrpcListener {
  start(): Promise<AddressInfo>
  /** Where it listens; empty before `start` and after the end. */
  addresses(): AddressInfo[]
  /** Takes nothing new; resolves when the last call is over: true when none had to be cut. */
  drain(limitMs: number): Promise<boolean>
  destroy(): void
}

/** Calls at once over one connection; more wait at the client. */
const MAX_CALLS_PER_CONNECTION = 250
const MAX_HEADERS = 200
/** Beyond it a client is not keeping its connection alive, but the hub busy. */
const MAX_PINGS_PER_MINUTE = 120
const SWEEP_MS = 1000
const PROBE_AFTER_MS = 15_000
const NO_ERROR = 0
const ENHANCE_YOUR_CALM = 11

interface Connection {
  readonly calls: Set<Http2GrpcCall>
  idleSinceMs: number
  pings: number
}

export function createGrpcListener(options: GrpcListenerOptions): GrpcListener {
  return new Http2Listener(options)
}

class Http2Listener implements GrpcListener {
  readonly #server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS })
  readonly #options: GrpcListenerOptions
  readonly #sockets: ReadonlySet<Socket>
  readonly #connections = new Map<ServerHttp2Session, Connection>()
  /** Loaded for the first connection: a hub that nobody asks over gRPC has none. */
  #http2: Promise<Http2Server> | undefined
  #sweeper: NodeJS.Timeout | undefined
  #sweeps = 0
  #isDraining = false

  constructor(options: GrpcListenerOptions) {
    const { limits, trustedProxy } = options
    this.#options = options
    this.#server.maxConnections = limits.connections
    this.#sockets = trackConnections(this.#server, trustedProxy ? Infinity : limits.connectionsPerAddress)
    this.#server.on('connection', (socket) => {
      if (socket.destroyed) return
      socket.on('error', () => undefined)
      this.#http2 ??= this.#openHttp2()
      // A promise that is there already costs the connection one turn.
      this.#http2
        .then((http2) => http2.emit('connection', socket))
        .catch((error: unknown) => {
          options.onError(error)
          socket.destroy()
        })
    })
  }

  async #openHttp2(): Promise<Http2Server> {
    const { limits, onError } = this.#options
    const { createServer: createHttp2Server } = await import('node:http2')
    const http2 = createHttp2Server({
      maxHeaderListPairs: MAX_HEADERS,
      settings: {
        maxConcurrentStreams: MAX_CALLS_PER_CONNECTION,
        maxHeaderListSize: limits.headerBytes,
        enablePush: false,
      },
    })
    http2.on('session', (session) => this.#connect(session))
    http2.on('sessionError', () => undefined)
    http2.on('stream', (stream, headers, _flags, rawHeaders) => {
      try {
        this.#take(stream as ServerHttp2Stream, headers, rawHeaders as unknown as readonly string[])
      } catch (error) {
        onError(error)
        stream.destroy()
      }
    })
    return http2
  }

  async start(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const { host, port } = this.#options
    this.#server.once('error', reject)
    this.#server.listen({ host, port }, resolve)
    await promise
    this.#server.off('error', reject)
    this.#server.on('error', this.#options.onError)
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref()
    return this.#server.address() as AddressInfo
  }

  addresses(): AddressInfo[] {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? [address] : []
  }

  async drain(limitMs: number): Promise<boolean> {
    this.#isDraining = true
    this.#server.close()
    if (this.#sockets.size === 0) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), limitMs)
    for (const socket of this.#sockets) socket.once('close', () => this.#sockets.size === 0 && resolve(true))
    for (const [session, { calls }] of this.#connections) {
      for (const call of calls) call.drain()
      session.close()
    }
    const isClean = await promise
    clearTimeout(timer)
    this.destroy()
    return isClean
  }

  destroy(): void {
    clearInterval(this.#sweeper)
    this.#server.close()
    for (const session of this.#connections.keys()) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(session: ServerHttp2Session): void {
    const connection: Connection = { calls: new Set(), idleSinceMs: performance.now(), pings: 0 }
    this.#connections.set(session, connection)
    session.on('error', () => undefined)
    session.on('ping', () => {
      connection.pings++
      if (connection.pings > MAX_PINGS_PER_MINUTE) session.destroy(undefined, ENHANCE_YOUR_CALM)
    })
    session.once('close', () => this.#connections.delete(session))
    if (this.#isDraining) session.close()
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    const connection = stream.session && this.#connections.get(stream.session as ServerHttp2Session)
    if (!connection) return void stream.destroy()
    const type = headers['content-type']
    if (headers[':method'] !== 'POST' || !/^application\/grpc(?:$|[+;])/i.test(type ?? '')) {
      stream.on('error', () => undefined)
      stream.respond({ ':status': 415 }, { endStream: true })
      return
    }
    const { limits, onCall, onError } = this.#options
    const call = new Http2GrpcCall(stream, headers, limits)
    connection.calls.add(call)
    call.onClose(() => {
      connection.calls.delete(call)
      connection.idleSinceMs = performance.now()
    })
    if (isRepeated(rawHeaders, 'authorization'))
      return call.fail({ code: GRPC_CODES.invalidArgument, message: 'authorization must not be repeated.' })
    call.receive(() => {
      try {
        onCall(call)
      } catch (error) {
        onError(error)
        call.fail({ code: GRPC_CODES.internal, message: 'Something went wrong inside Parley.' })
      }
    })
  }

  /** Ends what nobody uses: idle connections, requests that do not come, answers that are not taken. */
  #sweep(): void {
    const { keepAliveMs, bodyTimeoutMs } = this.#options.limits
    const now = performance.now()
    const isMinute = ++this.#sweeps % 60 === 0
    for (const [session, connection] of this.#connections) {
      if (isMinute) connection.pings = 0
      for (const call of connection.calls) {
        const sinceMs = call.isReading ? call.startedMs : call.answeredMs
        if (sinceMs !== undefined && now - sinceMs > bodyTimeoutMs) call.destroy()
      }
      if (connection.calls.size > 0 || now - connection.idleSinceMs < keepAliveMs) continue
      if (session.closed) session.destroy(undefined, NO_ERROR)
      else session.close()
    }
  }
}

/** HTTP/2 would take the first, and others the last. */
function isRepeated(raw: readonly string[], name: string): boolean {
  let count = 0
  for (let at = 0; at < raw.length; at += 2) if (raw[at] === name) count++
  return count > 1
}
