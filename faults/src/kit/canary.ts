import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'

export interface Canary {
  readonly port: number
  /** Connections since it was started or reset: the proof that nothing was reached is that this is 0. */
  readonly connections: number
  /** Bytes that arrived: with a check on the connected socket a connection may appear, bytes never. */
  readonly bytes: number
  /** Who connected and what they said, for the report of a failure. */
  readonly heard: readonly string[]
  reset(): void
  close(): Promise<void>
}

/** A listener that nobody may ever reach. It answers a proper-looking page, so that a bait would be taken. */
export async function startCanary(host = '127.0.0.1', port = 0): Promise<Canary> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let bytes = 0
  const server: Server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (heard.length < 20) heard.push(chunk.toString('latin1').slice(0, 400))
      socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
      )
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    get bytes() {
      return bytes
    },
    heard,
    reset() {
      connections = 0
      bytes = 0
      heard.length = 0
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
