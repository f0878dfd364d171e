import { performance } from 'node:perf_hooks'
import { ParleyError } from '@parley/contract'
import type { buildConnector } from 'undici'
import type { WriteBatch } from '../../lib/write-batch.ts'
import { toEgressError } from '../to-egress-error.ts'
import { LaneCall, type Carrier } from './lane-call.ts'
import { LaneConnection } from './lane-connection.ts'
import type { LaneHead } from './response-parser.ts'

/** What all requests to one endpoint have in common. */
export interface LaneEndpoint {
  /** POST by default; with the others no body is sent. */
  readonly method?: 'POST' | 'GET' | 'DELETE'
  readonly path: string
  /** Complete `name: value\r\n` lines; Host and Content-Length are written by the client. */
  readonly head: string
  /** From the request to the whole head of the response; 0 waits for ever. */
  readonly headersTimeoutMs: number
  /** Between two parts of the body; 0 waits for ever. */
  readonly idleTimeoutMs: number
}

/** Hears one exchange: head, data, then exactly one of end and error; nothing after an abort. */
export interface LaneReceiver {
  onHead(head: LaneHead): void
  onData(chunk: Buffer): void
  onEnd(): void
  onError(error: ParleyError): void
}

export interface LaneExchange {
  /** Ends the exchange, and the connection with it. */
  abort(): void
  /** Stops reading from the server until `resume`. */
  pause(): void
  resume(): void
}

/**
 * A client for one origin that can do one thing: send a request whole and hand on what comes back as it comes. No
 * request is ever sent twice, and none before the answer to the one before it on the same connection.
 */
export interface LaneClient {
  endpoint(endpoint: LaneEndpoint): LaneSender
  /** Cuts everything at once. */
  destroy(): void
}

/**
 * Sends one request; `head` has the lines that are its own. Throws `unavailable` when too many wait already, and
 * `upstream_unavailable` after the end of the client.
 */
export type LaneSender = (head: string, body: Buffer, receiver: LaneReceiver) => LaneExchange

export interface LaneClientOptions {
  readonly origin: string
  /** Connections at one time. */
  readonly connections: number
  readonly headLimitBytes: number
  readonly writes: WriteBatch
  /** Opens a guarded connection. */
  readonly connect: buildConnector.connector
}

/** How exact time limits are: one timer for all instead of several for each call. */
const TICK_MS = 250
/** Calls that wait for a connection, at most. */
const MAX_WAITING = 4096
const PATH = /^\/[\x21-\x7e]*$/
const LINES = /^(?:[!-9;-~]+: [\t\x20-\x7e]*\r\n)*$/

export function createLaneClient(options: LaneClientOptions): LaneClient {
  return new Client(options)
}

class Client implements LaneClient, Carrier {
  readonly #options: LaneClientOptions
  readonly #url: URL
  readonly #connections = new Set<LaneConnection>()
  /** The one used last is used next, so that those that are too many come to an end. */
  readonly #free: LaneConnection[] = []
  readonly #waiting = new Map<LaneCall, number>()
  #connecting = 0
  #nowMs = 0
  #timer: NodeJS.Timeout | undefined
  #isDestroyed = false

  constructor(options: LaneClientOptions) {
    this.#options = options
    this.#url = new URL(options.origin)
  }

  endpoint(endpoint: LaneEndpoint): LaneSender {
    if (!PATH.test(endpoint.path)) throw notWritable()
    checkLines(endpoint.head)
    const { method = 'POST', headersTimeoutMs, idleTimeoutMs } = endpoint
    const common = `${method} ${endpoint.path} HTTP/1.1\r\nhost: ${this.#url.host}\r\n${endpoint.head}`
    const hasBody = method === 'POST'
    return (head, body, receiver) => {
      if (this.#isDestroyed) throw disconnected()
      checkLines(head)
      const lines = `${common}${head}${hasBody ? `content-length: ${body.length}\r\n` : ''}\r\n`
      const call = new LaneCall({ lines, body, headersTimeoutMs, idleTimeoutMs }, receiver)
      const connection = this.#free.pop()
      if (connection) connection.send(call, this.#nowMs)
      else this.#wait(call)
      return call
    }
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#failWaiting(disconnected())
    for (const connection of this.#connections) connection.fail(disconnected())
    this.#rest()
  }

  /** A call that waits here is given up. */
  drop(call: LaneCall): void {
    this.#waiting.delete(call)
  }

  pause(): void {}

  resume(): void {}

  #wait(call: LaneCall): void {
    if (this.#waiting.size >= MAX_WAITING)
      throw new ParleyError('unavailable', 'Too many calls wait for this server; try again later.')
    this.#startTicking()
    const { headersTimeoutMs } = call.request
    this.#waiting.set(call, headersTimeoutMs > 0 ? this.#nowMs + headersTimeoutMs : Infinity)
    call.carriedBy(this)
    if (
      this.#connecting < this.#waiting.size &&
      this.#connections.size + this.#connecting < this.#options.connections
    )
      this.#connect()
  }

  #connect(): void {
    this.#connecting++
    const { hostname, host, protocol, port } = this.#url
    const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
    this.#options.connect({ hostname: bare, host, protocol, port }, (error, socket) => {
      this.#connecting--
      if (error) return this.#notConnected(toEgressError(error))
      if (this.#isDestroyed) return void socket.destroy()
      const connection = new LaneConnection(socket, {
        headLimitBytes: this.#options.headLimitBytes,
        writes: this.#options.writes,
        onFree: (freed) => this.#serve(freed),
        onClose: (closed) => this.#forget(closed),
      })
      this.#connections.add(connection)
      this.#serve(connection)
    })
  }

  /** As long as another connection stands or is being made, those that wait have something to wait for. */
  #notConnected(error: ParleyError): void {
    if (this.#connections.size === 0 && this.#connecting === 0) this.#failWaiting(error)
  }

  #serve(connection: LaneConnection): void {
    for (const call of this.#waiting.keys()) {
      this.#waiting.delete(call)
      return connection.send(call, this.#nowMs)
    }
    this.#free.push(connection)
  }

  #forget(connection: LaneConnection): void {
    this.#connections.delete(connection)
    const at = this.#free.indexOf(connection)
    if (at >= 0) this.#free.splice(at, 1)
    if (this.#isDestroyed) return
    if (this.#waiting.size > this.#connecting) this.#connect()
  }

  #failWaiting(error: ParleyError): void {
    const calls = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const call of calls) call.fail(error)
  }

  #startTicking(): void {
    if (this.#timer) return
    this.#nowMs = performance.now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  #tick(): void {
    this.#nowMs = performance.now()
    for (const connection of this.#connections) connection.tick(this.#nowMs)
    for (const [call, deadlineMs] of this.#waiting) {
      if (this.#nowMs < deadlineMs) continue
      this.#waiting.delete(call)
      call.fail(new ParleyError('upstream_timeout', 'The server did not answer in time.'))
    }
    this.#rest()
  }

  #rest(): void {
    if (this.#connections.size > 0 || this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** Values are checked where they come from; a line break that got through would be another request. */
function checkLines(lines: string): void {
  if (!LINES.test(lines)) throw notWritable()
}

function notWritable(): ParleyError {
  return new ParleyError('internal', 'A request could not be written.')
}

function disconnected(): ParleyError {
  return new ParleyError('upstream_unavailable', 'The server was disconnected.')
}
