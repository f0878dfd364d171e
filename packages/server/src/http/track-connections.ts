import type { Server, Socket } from 'node:net'

/**
 * The open connections of a server. One beyond `limitPerAddress` of its client address is closed at once; only
 * addresses with open connections are remembered.
 */
export function trackConnections(server: Server, limitPerAddress: number): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  const perAddress = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress
    const own = address === undefined ? Infinity : (perAddress.get(address) ?? 0)
    if (address === undefined || own >= limitPerAddress) {
      socket.destroy()
      return
    }
    open.add(socket)
    perAddress.set(address, own + 1)
    socket.once('close', () => {
      open.delete(socket)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left === 0) perAddress.delete(address)
      else perAddress.set(address, left)
    })
  })
  return open
}
