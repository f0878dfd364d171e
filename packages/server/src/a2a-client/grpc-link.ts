import type { AgentInterface, OperationName } from '../a2a/index.ts'
import type { GrpcOutlet, GrpcRequest } from '../egress/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { AgentLink, ExchangeOptions } from './agent-link.ts'
import type { LinkTools } from './create-agent-links.ts'
import { failedStream } from './failed-stream.ts'
import { fromGrpcError } from './from-grpc-error.ts'
import { GrpcEvents } from './grpc-events.ts'
import { listExtensions } from './http-wire.ts'
import type { LinkGuard } from './link-guard.ts'
import { mayRepeat, repeatDelayMs } from './may-repeat.ts'
import type { Wording } from './wording.ts'
import { withTenant } from './with-tenant.ts'

/** A link over gRPC (specification §10). */
export function createGrpcLink(options: {
  readonly agentInterface: AgentInterface
  readonly guard: LinkGuard
  readonly tools: LinkTools
  readonly outlet: GrpcOutlet
  readonly wording: Wording
}): AgentLink {
  const { agentInterface, guard, tools, outlet, wording } = options

  function write(operation: OperationName, request: JsonObject, exchange: ExchangeOptions): GrpcRequest {
    return {
      path: wording.grpcPath(operation),
      message: wording.encode(operation, withTenant(request, agentInterface.tenant)),
      metadata: metadataOf(exchange, wording),
      timeoutMs: exchange.timeoutMs,
      signal: exchange.signal,
    }
  }

  async function callOnce(operation: OperationName, written: GrpcRequest): Promise<JsonObject> {
    return wording.decode(operation, await outlet.call(written))
  }

  return {
    interface: agentInterface,
    async call(operation, request, exchange) {
      const written = write(operation, request, exchange)
      guard.enter()
      try {
        const answer = await callOnce(operation, written).catch(async (error: unknown) => {
          const known = fromGrpcError(error)
          if (exchange.signal?.aborted || known.isFromAgent || !mayRepeat(operation, known.error)) throw error
          await wait(tools, repeatDelayMs(tools.random))
          return callOnce(operation, written)
        })
        guard.seen()
        return answer
      } catch (error) {
        if (exchange.signal?.aborted) throw error
        const { isFromAgent, error: known } = fromGrpcError(error)
        if (isFromAgent) guard.seen()
        else guard.failed(known)
        throw known
      } finally {
        guard.leave()
      }
    },
    stream(operation, request, receiver, exchange) {
      try {
        const written = write(operation, request, exchange)
        guard.enterStream()
        const idleTimeoutMs = tools.limits.streamIdleMs
        return new GrpcEvents((bytes) => wording.decode(operation, bytes), guard, receiver).open(outlet, {
          ...written,
          idleTimeoutMs,
        })
      } catch (error) {
        return failedStream(receiver, error)
      }
    },
    supports: (operation) => wording.supports(operation),
    health: () => guard.health,
    close: () => outlet.destroy(),
  }
}

/** In the place of headers (§10.2), names in lower case. */
function metadataOf({ headers, extensions }: ExchangeOptions, wording: Wording): Record<string, string> {
  const metadata: Record<string, string> = { 'a2a-version': wording.version }
  for (const name in headers) metadata[name.toLowerCase()] = headers[name]!
  if (extensions !== undefined && extensions.length > 0)
    metadata[wording.extensionsHeader] = listExtensions(extensions)
  return metadata
}

function wait({ clock }: LinkTools, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, delayMs))
}
