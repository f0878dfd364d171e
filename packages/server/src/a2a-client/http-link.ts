import type { AgentInterface } from '../a2a/index.ts'
import type { Outlet } from '../egress/index.ts'
import type { AgentLink } from './agent-link.ts'
import { callOverHttp } from './http-call.ts'
import type { HttpDialect } from './http-dialect.ts'
import { streamOverHttp } from './http-stream.ts'
import { createSend, type HttpWire } from './http-wire.ts'
import type { LinkGuard } from './link-guard.ts'
import type { LinkTools } from './create-agent-links.ts'
import { failedStream } from './failed-stream.ts'
import { withTenant } from './with-tenant.ts'

/** A link over HTTP, in whatever dialect. Streams have connections of their own, opened with the first of them. */
export function createHttpLink(options: {
  readonly agentInterface: AgentInterface
  readonly dialect: HttpDialect
  readonly guard: LinkGuard
  readonly tools: LinkTools
  readonly open: (purpose: 'agent' | 'agent-stream') => Outlet
}): AgentLink {
  const { agentInterface, dialect, guard, tools, open } = options
  const { tenant } = agentInterface
  const { wording, callHead, streamHead } = dialect
  const { extensionsHeader } = wording
  const { limits } = tools
  const outlet = open('agent')
  let streamOutlet: Outlet | undefined
  let streamWire: HttpWire | undefined
  const wire: HttpWire = {
    dialect,
    guard,
    clock: tools.clock,
    random: tools.random,
    responseBytes: limits.responseBytes,
    eventBytes: limits.eventBytes,
    send: createSend(outlet, { head: callHead, extensionsHeader }, (timeoutMs) => timeoutMs),
  }

  function wireOfStreams(): HttpWire {
    streamOutlet ??= open('agent-stream')
    const common = { head: streamHead, extensionsHeader }
    streamWire ??= { ...wire, send: createSend(streamOutlet, common, () => limits.streamIdleMs) }
    return streamWire
  }

  return {
    interface: agentInterface,
    async call(operation, request, exchange) {
      return callOverHttp(wire, dialect.write(operation, withTenant(request, tenant)), exchange)
    },
    stream(operation, request, receiver, exchange) {
      try {
        const written = dialect.write(operation, withTenant(request, tenant))
        return streamOverHttp(wireOfStreams(), { written, options: exchange }, receiver)
      } catch (error) {
        return failedStream(receiver, error)
      }
    },
    supports: (operation) => wording.supports(operation),
    health: () => guard.health,
    async close() {
      await Promise.all([outlet.destroy(), streamOutlet?.destroy()])
    },
  }
}
