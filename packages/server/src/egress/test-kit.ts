import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { WriteBatch } from '../lib/write-batch.ts'
import { createEgress } from './create-egress.ts'
import type { EgressOptions } from './create-egress.ts'

/** A raw TCP listener on loopback that counts what reaches it. */
export interface Canary {
  readonly port: number
  readonly connections: () => number
  readonly bytes: () => number
  close(): Promise<void>
}

/** Listens on a free port; `answer` gets each socket once its first bytes are in. */
export async function startCanary(
  answer: (socket: Socket) => void = () => {},
  host = '127.0.0.1',
): Promise<Canary> {
  let connections = 0
  let bytes = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('data', (chunk) => (bytes += chunk.length))
    socket.once('data', () => answer(socket))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    bytes: () => bytes,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** An egress with small limits, so that caps are met soon. */
export function smallEgress(options: Partial<EgressOptions> = {}) {
  return createEgress({
    writes: new WriteBatch(),
    limits: {
      upstreamConnectTimeoutMs: 500,
      upstreamTimeoutMs: 1500,
      upstreamResponseBytes: 1_048_576,
      upstreamConnections: 4,
      clientMetadataBytes: 10_240,
      webhookTimeoutMs: 1000,
    },
    ownListeners: () => [],
    ...options,
  })
}

/** The code that a promise is rejected with, or what it resolved to. */
export async function outcome(promise: Promise<{ status: number }>): Promise<string> {
  return promise.then(
    (response) => `status ${response.status}`,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
}
