import type { CapabilityName, Decision, Principal } from '@parley/contract'
import type { AgentEntry } from '../directory/index.ts'
import type { HubTools } from './hub-call.ts'
import { wholeOf } from './whole-of.ts'

/** A message may set off any skill of the agent: its sender must be allowed all of them, as a whole or one by one. */
export function decideSend(
  { access }: Pick<HubTools, 'access'>,
  { principal, agent }: { readonly principal: Principal; readonly agent: AgentEntry },
  args: () => unknown,
): Decision {
  const decide = (capability: CapabilityName) =>
    access.decide({ principal, action: 'a2a.call', capability, args })
  const whole = decide(wholeOf(agent.name))
  if (whole.kind === 'allow' || agent.skills.length === 0) return whole
  let first: Decision | undefined
  let last: Decision = whole
  const missing: CapabilityName[] = []
  for (const { id } of agent.skills) {
    last = decide(`skill:${agent.name}/${id}` as CapabilityName)
    if (last.kind === 'allow') continue
    // What cannot be asked for stands before what can.
    if (last.kind !== 'consent') return last
    first ??= last
    missing.push(...last.missing)
  }
  return first ? ({ ...first, missing } as Decision) : last
}
