import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** What the proxy does to the bytes of the answering side; changed between two calls. */
export interface Chaos {
  delayMs: number
  /** Resets both sides after so many bytes of answer; -1: never. */
  cutAfterBytes: number
  /** Takes connections and bytes, passes nothing on. */
  isStalled: boolean
  /** Resets every new connection at once. */
  isRefusing: boolean
}

export interface ChaosProxy {
  readonly port: number
  readonly chaos: Chaos
  readonly connections: number
  resetAll(): void
  close(): Promise<void>
}

/** A TCP proxy in front of a port of 127.0.0.1 that breaks connections the way networks do. */
export async function startChaosProxy(upstreamPort: number): Promise<ChaosProxy> {
  const chaos: Chaos = { delayMs: 0, cutAfterBytes: -1, isStalled: false, isRefusing: false }
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((near) => {
    connections += 1
    keep(sockets, near)
    if (chaos.isRefusing) return void near.resetAndDestroy()
    const far = connect({ port: upstreamPort, host: '127.0.0.1' })
    keep(sockets, far)
    let passed = 0
    near.on('data', (chunk) => void (chaos.isStalled || far.write(chunk)))
    far.on('data', (chunk) => {
      if (chaos.isStalled) return
      passed += chunk.length
      if (chaos.cutAfterBytes >= 0 && passed > chaos.cutAfterBytes) {
        near.write(chunk.subarray(0, Math.max(0, chunk.length - (passed - chaos.cutAfterBytes))), () =>
          near.resetAndDestroy(),
        )
        return void far.destroy()
      }
      setTimeout(() => void (near.destroyed || near.write(chunk)), chaos.delayMs)
    })
    near.on('close', () => far.destroy())
    far.on('close', () => setTimeout(() => near.destroy(), chaos.delayMs))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const resetAll = (): void => sockets.forEach((socket) => void socket.resetAndDestroy())
  return {
    port: (server.address() as AddressInfo).port,
    chaos,
    get connections() {
      return connections
    },
    resetAll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        resetAll()
      }),
  }
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => socket.destroy())
}
