import type { AgentInterface } from '../a2a/index.ts'

const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i
/** Names and addresses that never leave the machine. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|$)/i

/**
 * The http(s) URL of an interface, as the egress room and allowances want it. Cards give gRPC servers as URLs or, as is
 * usual there, as `host:port` alone; such a one is TLS unless it is on this machine.
 */
export function interfaceUrl({
  url,
  protocolBinding,
}: Pick<AgentInterface, 'url' | 'protocolBinding'>): string {
  if (protocolBinding !== 'GRPC') return url
  const target = url.replace(/^dns:\/{0,3}/i, '').replace(/^grpc(s?):\/\//i, 'http$1://')
  if (!HOST_AND_PORT.test(target)) return target
  return LOOPBACK.test(target) ? `http://${target}` : `https://${target}`
}
