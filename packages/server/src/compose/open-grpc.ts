import { ParleyError } from '@parley/contract'
import { createGrpcListener, type GrpcCall, type GrpcListener } from '../http/index.ts'
import { stackOf, type House } from './house.ts'

/** Agents over gRPC, once HTTP listens: a hub whose gRPC port is taken is a hub all the same, unless it was told which one. */
export async function openGrpc(
  { config, log }: House,
  onCall: (call: GrpcCall) => void,
): Promise<GrpcListener | undefined> {
  const { host, grpcPort: port, isGrpcPortSet, trustedProxy } = config.listen
  if (port === undefined) return undefined
  const listener = createGrpcListener({
    host,
    port,
    trustedProxy,
    limits: config.limits,
    onCall,
    onError: (error) => log('a gRPC call failed', { error: stackOf(error) }),
  })
  try {
    await listener.start()
    return listener
  } catch (cause) {
    listener.destroy()
    const words = `gRPC cannot listen on ${host}:${port}; choose another listen.grpcPort, or off.`
    if (isGrpcPortSet) throw new ParleyError('unavailable', words, { cause })
    log(words, { error: String(cause) })
    return undefined
  }
}
