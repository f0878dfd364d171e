import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** An address and port that the hub itself listens on or keeps its data behind. */
export interface OwnListener {
  readonly address: string
  readonly port: number
}

/**
 * True when `address:port` is one of the hub's own listeners, so that it cannot be made to call itself. One that
 * listens on every address, or on loopback, is reached by each of this machine's addresses.
 */
export function isOwnListener(address: string, port: number, own: readonly OwnListener[]): boolean {
  for (const listener of own) {
    if (listener.port !== port) continue
    if (holds([listener.address], address)) return true
    if (holds(['0.0.0.0', '::', '127.0.0.1', '::1'], listener.address) && isThisMachine(address)) return true
  }
  return false
}

function isThisMachine(address: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map((entry) => entry.address),
  )
  const local = new BlockList()
  local.addSubnet('127.0.0.0', 8, 'ipv4')
  local.addAddress('::1', 'ipv6')
  return contains(local, address) || holds(addresses, address)
}

function holds(addresses: readonly string[], wanted: string): boolean {
  const list = new BlockList()
  for (const address of addresses) {
    const bare = address.split('%', 1)[0]!
    if (isIP(bare) !== 0) list.addAddress(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4')
  }
  return contains(list, wanted)
}

/** IPv4-mapped IPv6 addresses count as the IPv4 address inside. */
function contains(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
