import { parseCapabilityName } from '@parley/contract'

/** The scope that stands for the whole of a grant (decisions/011). */
export const WHOLE = 'mcp'
/** What an entitlement may name in place of audiences and scopes. */
export const ANY = '*'

/** The scopes of a request, or undefined when it names none. */
export function readScopes(scope: unknown): readonly string[] | undefined {
  if (typeof scope !== 'string') return undefined
  const scopes = [...new Set(scope.split(' ').filter((one) => one !== ''))]
  return scopes.length === 0 ? undefined : scopes
}

/** Whether what is held includes the scope: itself, or a capability's name within `mcp`, a skill's within `a2a`. */
export function includesScope(held: readonly string[], scope: string): boolean {
  if (held.includes(scope) || held.includes(ANY)) return true
  if (held.includes('a2a') && parseCapabilityName(scope)?.kind === 'skill') return true
  return held.includes(WHOLE) && parseCapabilityName(scope) !== undefined
}
