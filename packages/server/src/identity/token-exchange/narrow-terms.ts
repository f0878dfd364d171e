import type { CapabilityRule, Grant, GrantTerms, ParleyCapabilityDetail } from '@parley/contract'
import { findExcess, isPatternWithin, matchesPattern } from '../../grants/index.ts'
import { errors } from '../provider/library.ts'
import { WHOLE } from '../workloads/scopes.ts'
import type { Target } from './choose-target.ts'

/**
 * The terms of what is passed on: the parent's at one audience, cut down to the scopes of the token and to what the agent
 * asked for in detail. Limits and end of the parent hold for it too.
 */
export function narrowTerms(
  parent: Grant,
  target: Target,
  asked: { readonly detail: ParleyCapabilityDetail | undefined; readonly nowMs: number },
): GrantTerms {
  const { resource, scopes } = target
  const narrowed: GrantTerms = {
    audiences: { [resource.identifier]: [...scopes] },
    capabilities: scopes.includes(WHOLE)
      ? parent.terms.capabilities
      : scopes.flatMap((scope) =>
          scope === resource.wholeScope ? skillRules(resource, parent) : rulesFor(scope, parent),
        ),
    limits: parent.terms.limits,
    expiresAt: parent.terms.expiresAt,
  }
  const { detail, nowMs } = asked
  if (!detail) return narrowed
  if (detail.locations?.some((location) => location !== resource.identifier))
    throw new errors.InvalidAuthorizationDetails('locations name another resource')
  const terms: GrantTerms = {
    ...narrowed,
    capabilities: detail.capabilities.flatMap((rule) => withinHeld(rule, narrowed.capabilities)),
    limits: { ...narrowed.limits, ...detail.limits },
    expiresAt: earlier(narrowed.expiresAt, detail.expires_in && nowMs + detail.expires_in * 1000),
  }
  const excess = findExcess(terms, narrowed)
  if (excess !== undefined)
    throw new errors.InvalidAuthorizationDetails(`this is more than the subject token has: ${excess}`)
  return terms
}

/**
 * All of one owner's is what of it the subject has: who asks for all that an agent does, and was granted two of its skills,
 * gets these two, with all that they demand.
 */
function withinHeld(asked: CapabilityRule, held: readonly CapabilityRule[]): readonly CapabilityRule[] {
  if (!asked.capability.endsWith('/*') || asked.where !== undefined) return [asked]
  if (held.some(({ capability }) => isPatternWithin(asked.capability, capability))) return [asked]
  const parts = held.filter(({ capability }) => isPatternWithin(capability, asked.capability))
  return parts.length > 0 ? parts : [asked]
}

/** What the parent has of the skills of all agents, or of the one that the resource is. */
function skillRules({ server }: Target['resource'], { terms }: Grant): CapabilityRule[] {
  const bound = server === undefined ? 'skill:*' : `skill:${server}/*`
  return terms.capabilities.flatMap((rule) => {
    if (isPatternWithin(rule.capability, bound)) return [rule]
    return isPatternWithin(bound, rule.capability) ? [{ ...rule, capability: bound }] : []
  })
}

/** A capability's name as scope keeps what the parent demands of its arguments. */
function rulesFor(scope: string, { terms }: Grant): CapabilityRule[] {
  return terms.capabilities
    .filter((rule) => matchesPattern(rule.capability, scope))
    .map((rule) => ({ ...rule, capability: scope }))
}

function earlier(end: number | null, other: number | undefined): number | null {
  if (other === undefined) return end
  return end === null ? other : Math.min(end, other)
}
