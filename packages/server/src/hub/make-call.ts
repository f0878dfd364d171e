import { ParleyError } from '@parley/contract'
import { refuseFields, type OperationName } from '../a2a/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { ownerOf } from '../tasks/index.ts'
import type { HubCall, Received } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import type { ServiceParameters } from './read-service-parameters.ts'

/** resolve: which agent is meant. Throws `not_found`. */
export function makeCall(
  { tools }: HubState,
  { principal, agentName, resource }: Pick<Received, 'principal' | 'agentName' | 'resource'>,
  asked: {
    readonly operation: OperationName
    readonly request: JsonObject
    readonly parameters: ServiceParameters
    readonly argumentsDigest: string | undefined
  },
): HubCall {
  const { operation, request, parameters, argumentsDigest } = asked
  const { tenant } = request
  // The address names the agent already (§8.3.2).
  if (tenant !== undefined && tenant !== agentName)
    throw refuseFields([{ field: 'tenant', description: `Must be ${agentName}, or not be there.` }])
  return {
    ...parameters,
    principal,
    owner: ownerOf(principal),
    agent: findAgent(tools.directory.entry(agentName), agentName),
    resource,
    operation,
    request,
    argumentsDigest,
    startedMicros: tools.clock.monotonicMicros(),
    wish: undefined,
    decision: undefined,
    missing: undefined,
    capability: undefined,
  }
}

export function findAgent(agent: AgentEntry | undefined, name: string): AgentEntry {
  if (agent) return agent
  throw new ParleyError(
    'not_found',
    `There is no agent "${name}" here. \`parley agents list\` shows the names.`,
  )
}
