import { ParleyError } from '@parley/contract'
import type { AgentInterface } from '../a2a/index.ts'
import type { Allowance, Egress } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { AgentLink } from './agent-link.ts'
import type { HttpDialect } from './http-dialect.ts'
import { createGrpcLink } from './grpc-link.ts'
import { createHttpLink } from './http-link.ts'
import { interfaceUrl } from './interface-url.ts'
import { createJsonRpcDialect } from './json-rpc-dialect.ts'
import { createRestDialect } from './rest-dialect.ts'
import { LinkGuard } from './link-guard.ts'
import { WORDINGS, type Wording } from './wording.ts'

export interface AgentLinkLimits {
  /** Of one answer. */
  readonly responseBytes: number
  /** Of one event of a stream. */
  readonly eventBytes: number
  /** How long a stream may be silent, heartbeats included. */
  readonly streamIdleMs: number
  /** Calls under way to one agent at one time. */
  readonly calls: number
  /** Streams open to one agent at one time. */
  readonly streams: number
}

export const AGENT_LINK_LIMITS: AgentLinkLimits = {
  responseBytes: 4 * 1024 * 1024,
  eventBytes: 1024 * 1024,
  streamIdleMs: 300_000,
  calls: 1024,
  streams: 2048,
}

export interface LinkTools {
  readonly clock: Clock
  /** Spreads the waits before something is tried again. */
  readonly random: Random
  readonly limits: AgentLinkLimits
}

export interface AgentLinksOptions {
  readonly egress: Egress
  readonly clock: Clock
  readonly random: Random
  readonly limits?: Partial<AgentLinkLimits>
}

export interface AgentLinks {
  /**
   * A way over this interface; nothing is connected before it is used. Close it when it is no longer used.
   * @throws ParleyError `egress_refused`; `unsupported_version` for a binding or version that the hub does not speak.
   */
  open(agentInterface: AgentInterface, terms: LinkTerms): AgentLink
}

export interface LinkTerms {
  /** Of the agent, for messages. */
  readonly name: string
  /** Where an administrator typed the interface's host and port. */
  readonly allowance?: Allowance | undefined
}

/** Ways to agents, over whatever their cards declare. */
export function createAgentLinks(options: AgentLinksOptions): AgentLinks {
  const { egress, clock, random } = options
  const tools: LinkTools = { clock, random, limits: { ...AGENT_LINK_LIMITS, ...options.limits } }

  return {
    open(agentInterface, { name, allowance }) {
      const { calls, streams } = tools.limits
      const guard = new LinkGuard({ name, clock, random, calls, streams })
      const where = { url: interfaceUrl(agentInterface), ...(allowance && { allowance }) }
      const wording = wordingOf(agentInterface)
      if (agentInterface.protocolBinding === 'GRPC') {
        const outlet = egress.openGrpc({ purpose: 'agent', ...where })
        return createGrpcLink({ agentInterface, guard, tools, outlet, wording })
      }
      return createHttpLink({
        agentInterface,
        dialect: dialectOf(agentInterface, wording),
        guard,
        tools,
        open: (purpose) => egress.open({ purpose, ...where }),
      })
    },
  }
}

/** A patch level says nothing of the protocol (specification §3.6). */
function wordingOf(agentInterface: AgentInterface): Wording {
  const version = /^(\d+\.\d+)(?:\.\d+)?$/.exec(agentInterface.protocolVersion)?.[1]
  if (version === '1.0' || version === '0.3') return WORDINGS[version]
  throw notSpoken(agentInterface)
}

function dialectOf(agentInterface: AgentInterface, wording: Wording): HttpDialect {
  const { protocolBinding, url } = agentInterface
  const address = URL.parse(url)
  if (!address) throw new ParleyError('egress_refused', 'Parley does not connect to this address.')
  if (protocolBinding === 'JSONRPC') return createJsonRpcDialect(address.pathname + address.search, wording)
  if (protocolBinding === 'HTTP+JSON') return createRestDialect(address.pathname, wording)
  throw notSpoken(agentInterface)
}

function notSpoken({ protocolBinding, protocolVersion }: AgentInterface): ParleyError {
  return new ParleyError(
    'unsupported_version',
    `Parley does not speak ${protocolBinding} in version ${protocolVersion}.`,
  )
}
