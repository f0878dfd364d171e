import type { AgentInterface } from '../a2a/index.ts'

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i
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
  if (url.startsWith('grpcs://')) return `https://${url.slice('grpcs://'.length)}`
  if (url.startsWith('grpc://')) return `http://${url.slice('grpc://'.length)}`
  if (SCHEME.test(url)) return url
  return LOOPBACK.test(url) ? `http://${url}` : `https://${url}`
}
