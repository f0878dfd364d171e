import type { CapabilityName } from '@parley/contract'
import type { AgentCard } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'

/**
 * `GetExtendedAgentCard` (specification §3.1.11, §13.3): the agent's own extended card where it has one, with those skills
 * that the caller may use (H4). What the caller may not use is not told.
 */
export async function getExtendedCard(hub: HubState, call: HubCall): Promise<JsonObject> {
  const { agent, principal } = call
  const visible = hub.tools.access.visible(principal)
  const skills = (await skillsOf(hub, call)).filter(({ id }) =>
    visible(`skill:${agent.name}/${id}` as CapabilityName),
  )
  return hub.tools.cards.make(agent, skills).card as unknown as JsonObject
}

async function skillsOf(hub: HubState, call: HubCall): Promise<AgentCard['skills']> {
  const { agent, principal } = call
  if (agent.card.capabilities.extendedAgentCard !== true) return agent.skills
  const headers = await hub.tools.credentialFor(agent, principal)
  const timeoutMs = hub.tools.limits.agentTimeoutMs
  const card = (await agent
    .link()
    .call('GetExtendedAgentCard', {}, { headers, timeoutMs })) as unknown as AgentCard
  return card.skills
}
