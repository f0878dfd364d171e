import type { GrantTerms } from '@parley/contract'

type Audiences = GrantTerms['audiences']

/** What a grant may name in place of audiences and scopes when it only bounds others: an entitlement. */
const ANY = '*'
/** The scope that stands for the whole of a grant. */
const WHOLE = 'mcp'

/** One agent's endpoint, and before it that of all agents. */
const ONE_AGENT = /^(.*\/a2a)\/agents\/[^/]+$/

/**
 * The scopes for the audience; undefined when tokens for it are not to be had. Who may ask agents at the endpoint of all
 * may be given tokens for one of them.
 */
export function scopesFor(audiences: Audiences, audience: string): readonly string[] | undefined {
  if (Object.hasOwn(audiences, audience)) return audiences[audience]
  const all = ONE_AGENT.exec(audience)?.[1]
  if (all !== undefined && Object.hasOwn(audiences, all)) return audiences[all]!.filter(isOfAgents)
  return Object.hasOwn(audiences, ANY) ? audiences[ANY] : undefined
}

function isOfAgents(scope: string): boolean {
  return scope === 'a2a' || scope.startsWith('skill:')
}

/** Whether the scope is held, by its name or as a part of the whole: a capability's name is part of `mcp`. */
export function holdsScope(held: readonly string[], scope: string): boolean {
  if (held.includes(scope) || held.includes(ANY)) return true
  if (held.includes('a2a') && scope.startsWith('skill:')) return true
  return held.includes(WHOLE) && /^(?:tool|resource|template|prompt|skill):/.test(scope)
}

/** What is left of a grant's audiences under its parents, whose terms may have been changed since. */
export function narrowAudiences(own: Audiences, parents: readonly Audiences[]): Audiences {
  const left: [string, string[]][] = []
  for (const [audience, scopes] of Object.entries(own)) {
    const held = parents.map((parent) => scopesFor(parent, audience))
    if (held.includes(undefined)) continue
    left.push([audience, scopes.filter((scope) => held.every((each) => each && holdsScope(each, scope)))])
  }
  return Object.fromEntries(left)
}
