import type { CapabilityName, Decision } from '@parley/contract'
import { ParleyError, capabilityName } from '@parley/contract'
import type { LimitReached } from '../grants/index.ts'
import { limit, type Call, type GatewayTools, type Target } from './call.ts'
import { resourceNames } from './resource-names.ts'
import { unknownTarget } from './unknown-target.ts'
import { visibilityFor } from './visibility.ts'

/** `ask`: a person could allow it. */
export type Admission =
  | { readonly kind: 'go' }
  | { readonly kind: 'ask'; readonly missing: readonly CapabilityName[] }

const GO: Admission = Object.freeze({ kind: 'go' })

/**
 * decide, then limit: throws when the call may not go on. The decision stays with the call for its record. A promise
 * only where a count has to be kept on disk.
 */
export function admit(tools: GatewayTools, call: Call, target: Target): Admission | Promise<Admission> {
  const args = () => call.envelope.value('arguments') ?? {}
  const decision = decideCall(tools, call, target, args)
  call.decision = decision
  if (decision.kind !== 'allow') return refuse(tools, call, target, decision)
  limit(tools, call.principal)
  const reached = tools.access.take(call.principal, args)
  if (reached instanceof Promise) return reached.then(goUnless)
  return goUnless(reached)
}

/** A resource may be granted by its own name or by its template's; the first name that is allowed counts. */
function decideCall(tools: GatewayTools, call: Call, target: Target, args: () => unknown): Decision {
  const { principal } = call
  call.capability = capabilityName({ kind: target.kind, owner: target.entry.name, name: target.name })
  const first = tools.access.decide({ principal, action: 'mcp.call', capability: call.capability, args })
  if (first.kind === 'allow' || target.kind !== 'resource') return first
  for (const capability of resourceNames(target.entry, target.name)) {
    const decision = tools.access.decide({ principal, action: 'mcp.call', capability, args })
    if (decision.kind === 'allow') return decision
  }
  return first
}

function refuse(
  tools: GatewayTools,
  call: Call,
  target: Target,
  decision: Exclude<Decision, { kind: 'allow' }>,
): Admission {
  const challenges = tools.challenges(call.resource)
  switch (decision.kind) {
    case 'consent':
      return { kind: 'ask', missing: decision.missing }
    case 'scope':
      throw challenges.insufficientScope(decision.missing)
    case 'step-up':
      throw challenges.insufficientAuthentication(decision.acr, decision.maxAgeSeconds)
    case 'approval':
      throw new ParleyError('forbidden', 'This call needs an approval, which cannot be asked for yet.')
    case 'deny':
      if (isShown(tools, call, target)) throw new ParleyError('forbidden', decision.reason)
      // Who may not use it learns no more of it than of what does not exist.
      throw unknownTarget(
        target.kind,
        call.envelope.string(target.kind === 'resource' ? 'uri' : 'name') ?? '',
      )
  }
}

/** What a list shows is no secret: only the arguments are not allowed. */
function isShown(tools: GatewayTools, call: Call, { entry, kind, name }: Target): boolean {
  return visibilityFor(tools, call).shows(entry, kind, name)
}

function goUnless(reached: LimitReached | undefined): Admission {
  if (!reached) return GO
  const { limit: kind, retryAfterSeconds, uncounted } = reached
  if (uncounted !== undefined)
    throw new ParleyError(
      'forbidden',
      `This grant needs a number, 0 or more, at ${uncounted} of the arguments.`,
    )
  throw new ParleyError('rate_limited', WORDS[kind], {
    data: {
      limit: kind,
      grant: reached.grant,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  })
}

const WORDS: Readonly<Record<LimitReached['limit'], string>> = {
  calls: 'All calls that this grant allows have been used.',
  callsPerMinute: 'This grant allows no more calls in this minute.',
  amount: 'This call would go beyond the amount that this grant allows in all.',
}
