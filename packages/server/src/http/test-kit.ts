import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { loadConfig, readEnv } from '../config/index.ts'
import type { Limits, ListenConfig } from '../config/index.ts'
import { createListener } from './create-listener.ts'
import type { Listener } from './create-listener.ts'
import { EventStreams } from './event-streams.ts'
import type { RawHandler } from './raw-handler.ts'

export interface Rig {
  readonly port: number
  readonly listener: Listener
  readonly streams: EventStreams
  /** What handlers threw. */
  readonly errors: unknown[]
}

export interface RigOptions {
  readonly handlers?: Record<string, RawHandler>
  readonly limits?: Partial<Limits>
  readonly listen?: Partial<ListenConfig>
  readonly isReady?: () => boolean
}

/** A listener on a free port of loopback, with the defaults unless told otherwise. */
export async function startListener(options: RigOptions = {}): Promise<Rig> {
  const config = loadConfig({
    flags: { port: '0' },
    environment: readEnv({}),
    workingDirectory: import.meta.dirname,
  })
  const limits = { ...config.limits, ...options.limits }
  const streams = new EventStreams(limits)
  const errors: unknown[] = []
  const listener = createListener({
    listen: { ...config.listen, ...options.listen },
    limits,
    streams,
    handlers: options.handlers ?? { mcp: (_, response) => response.end('reached') },
    isReady: options.isReady ?? (() => true),
    onError: (error) => errors.push(error),
  })
  const { port } = await listener.start()
  return { port, listener, streams, errors }
}

/** A raw client: what it sends is up to the test, byte for byte. */
export class RawClient {
  readonly socket: Socket
  readonly closed: Promise<void>
  text = ''

  constructor(port: number, onData?: () => void) {
    this.socket = connect({ port, host: '127.0.0.1' })
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1')
      onData?.()
    })
    this.socket.on('error', () => this.socket.destroy())
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
  }

  send(text: string): this {
    this.socket.write(Buffer.from(text, 'latin1'))
    return this
  }

  /** Resolves once what came back holds `part`, or the connection is closed. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part) && !this.socket.closed) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return this.text
  }
}

/** Sends raw bytes and collects everything until the server closes. */
export async function exchange(port: number, text: string): Promise<string> {
  const client = new RawClient(port).send(text)
  await client.closed
  return client.text
}

/** A request that asks for the connection to be closed after it. */
export function request(port: number, line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, `Host: localhost:${port}`, 'Connection: close', ...headers, '', body].join(
    '\r\n',
  )
}

export function statusOf(answer: string): number {
  return Number(answer.split(' ', 2)[1])
}
