import type { CapabilityRule, GrantLimits, GrantTerms } from '@parley/contract'
import { holdsScope, scopesFor } from './audiences.ts'
import { impliesConstraint } from './constraint.ts'
import { isPatternWithin } from './pattern.ts'

/**
 * The one narrowing rule: a child is never wider, richer or longer than its parent. Answers what of the child is more than the
 * parent has, in words, or undefined when nothing is.
 */
export function findExcess(child: GrantTerms, parent: GrantTerms): string | undefined {
  return (
    excessAudience(child, parent) ??
    excessCapability(child.capabilities, parent.capabilities) ??
    excessLimit(child.limits, parent.limits) ??
    (isLonger(child.expiresAt, parent.expiresAt) ? 'it would last longer' : undefined)
  )
}

function excessAudience(child: GrantTerms, parent: GrantTerms): string | undefined {
  for (const [audience, scopes] of Object.entries(child.audiences)) {
    const held = scopesFor(parent.audiences, audience)
    if (held === undefined) return `it would reach ${audience}`
    const scope = scopes.find((each) => !holdsScope(held, each))
    if (scope !== undefined) return `it would have the scope ${scope}`
  }
  return undefined
}

function excessCapability(
  child: readonly CapabilityRule[],
  parent: readonly CapabilityRule[],
): string | undefined {
  const wide = child.find((rule) => !parent.some((held) => isRuleWithin(rule, held)))
  return wide && `it would allow ${wide.capability}${wide.where ? ' with these arguments' : ''}`
}

function isRuleWithin(inner: CapabilityRule, outer: CapabilityRule): boolean {
  if (!isPatternWithin(inner.capability, outer.capability)) return false
  return (outer.where ?? []).every((constraint) => impliesConstraint(inner.where ?? [], constraint))
}

function excessLimit(child: GrantLimits, parent: GrantLimits): string | undefined {
  if (isMore(child.calls, parent.calls)) return 'it would allow more calls'
  if (isMore(child.callsPerMinute, parent.callsPerMinute)) return 'it would allow more calls per minute'
  if (parent.amount === undefined) return undefined
  const isSame = child.amount?.pointer === parent.amount.pointer
  return isSame && !isMore(child.amount?.total, parent.amount.total)
    ? undefined
    : 'it would allow a larger amount'
}

function isMore(child: number | undefined, parent: number | undefined): boolean {
  return parent !== undefined && (child === undefined || child > parent)
}

function isLonger(child: number | null, parent: number | null): boolean {
  return parent !== null && (child === null || child > parent)
}
