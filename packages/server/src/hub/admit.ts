import { ParleyError, type CapabilityName, type Decision } from '@parley/contract'
import type { LimitReached } from '../grants/index.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { wholeOf } from './send-message.ts'

/** What a caller has an agent do: the rest are questions about what it did, and its caller's own. */
const DOES = new Set(['SendMessage', 'SendStreamingMessage'])

/** decide, then limit: throws when the call may not go on. A promise only where a count has to be kept on disk. */
export function admit(hub: HubState, call: HubCall): void | Promise<void> {
  const { tools } = hub
  const waitSeconds = tools.takeToken(call.principal.subject)
  if (waitSeconds > 0)
    throw new ParleyError('rate_limited', `Too many requests; try again in ${waitSeconds} s.`, {
      data: { retryAfterSeconds: waitSeconds },
    })
  if (!DOES.has(call.operation)) return undefined
  const args = () => call.request
  const decision = decideSend(hub, call, args)
  call.decision = decision
  if (decision.kind !== 'allow') throw refusal(hub, call, decision)
  const reached = tools.access.take(call.principal, args)
  return reached instanceof Promise ? reached.then(refuseReached) : refuseReached(reached)
}

/**
 * A message may set off any skill of the agent: its sender must be allowed all of them, as a whole or one by one.
 */
function decideSend({ tools }: HubState, call: HubCall, args: () => unknown): Decision {
  const { principal, agent } = call
  const decide = (capability: CapabilityName) =>
    tools.access.decide({ principal, action: 'a2a.call', capability, args })
  call.capability = wholeOf(agent.name)
  const whole = decide(call.capability)
  if (whole.kind === 'allow' || agent.skills.length === 0) return whole
  let first: Decision | undefined
  const missing: CapabilityName[] = []
  for (const { id } of agent.skills) {
    const capability = `skill:${agent.name}/${id}` as CapabilityName
    const decision = decide(capability)
    if (decision.kind === 'allow') continue
    // What cannot be asked for stands before what can.
    if (decision.kind !== 'consent') return decision
    first ??= decision
    missing.push(...decision.missing)
  }
  if (!first) return decide(`skill:${agent.name}/${agent.skills[0]!.id}` as CapabilityName)
  return { ...first, missing } as Decision
}

function refusal(hub: HubState, call: HubCall, decision: Exclude<Decision, { kind: 'allow' }>): ParleyError {
  const challenges = hub.tools.challenges(call.resource)
  switch (decision.kind) {
    case 'consent':
    case 'scope':
      return challenges.insufficientScope(decision.missing)
    case 'step-up':
      return challenges.insufficientAuthentication(decision.acr, decision.maxAgeSeconds)
    case 'approval':
      return new ParleyError('forbidden', 'This call needs an approval, which cannot be asked for yet.')
    case 'deny':
      return new ParleyError('forbidden', decision.reason)
  }
}

function refuseReached(reached: LimitReached | undefined): void {
  if (!reached) return
  const { limit, retryAfterSeconds, grant } = reached
  throw new ParleyError('rate_limited', WORDS[limit], {
    data: { limit, grant, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) },
  })
}

const WORDS: Readonly<Record<LimitReached['limit'], string>> = {
  calls: 'All calls that this grant allows have been used.',
  callsPerMinute: 'This grant allows no more calls in this minute.',
  amount: 'This call would go beyond the amount that this grant allows in all.',
}
