import { ParleyError, type Decision } from '@parley/contract'
import type { LimitReached } from '../grants/index.ts'
import { decideSend } from './decide-send.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { wholeOf } from './whole-of.ts'

/** What a caller has an agent do: the rest are questions about what it did, and its caller's own. */
const DOES = new Set(['SendMessage', 'SendStreamingMessage'])

/** decide, then limit: throws when the call may not go on; what a person could still allow stands in `call.missing`. A promise only where a count has to be kept on disk. */
export function admit(hub: HubState, call: HubCall): void | Promise<void> {
  const { tools } = hub
  const waitSeconds = tools.takeToken(call.principal.subject)
  if (waitSeconds > 0)
    throw new ParleyError('rate_limited', `Too many requests; try again in ${waitSeconds} s.`, {
      data: { retryAfterSeconds: waitSeconds },
    })
  if (!DOES.has(call.operation) || call.agent.answer) return undefined
  const args = () => call.request
  call.capability = wholeOf(call.agent.name)
  const decision = (call.decision = decideSend(tools, call, args))
  if (decision.kind === 'consent') {
    call.missing = decision.missing
    return undefined
  }
  if (decision.kind !== 'allow') throw refusal(hub, call, decision)
  const reached = tools.access.take(call.principal, args)
  return reached instanceof Promise ? reached.then(refuseReached) : refuseReached(reached)
}

function refusal(
  hub: HubState,
  call: HubCall,
  decision: Exclude<Decision, { kind: 'allow' | 'consent' }>,
): ParleyError {
  const challenges = hub.tools.challenges(call.resource)
  switch (decision.kind) {
    case 'scope':
      return challenges.insufficientScope(decision.missing)
    case 'step-up':
      return challenges.insufficientAuthentication(decision.acr, decision.maxAgeSeconds)
    case 'approval':
      return new ParleyError('forbidden', 'This call needs an approval, which cannot be asked for yet.')
    case 'deny':
      // §3.3.2: what is missing is named, which the address has named already.
      return new ParleyError('forbidden', `${decision.reason} It takes ${call.capability}.`)
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
