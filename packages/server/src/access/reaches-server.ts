import type { GrantTerms, PersonId, Principal } from '@parley/contract'
import { entitlementsOfPerson, type AccessFacts } from './is-entitled.ts'

const KINDS = ['tool', 'resource', 'template', 'prompt', 'skill'] as const

/**
 * Whether anything of the server is the caller's to use, or to ask for: to everybody else it is a server that is not
 * there. What a consent lacks its person can add, as far as they are entitled to it.
 */
export function reachesServer(
  facts: AccessFacts,
  { grant }: Principal,
  about: { readonly person: PersonId | undefined; readonly server: string },
): boolean {
  const { person, server } = about
  if (grant === undefined) return false
  if (person !== undefined && !mayUseServer(facts, person, server)) return false
  const names = ({ terms }: { readonly terms: GrantTerms }) => namesServer(terms, server)
  const lineage = facts.grants.lineage(grant)
  return lineage[0]?.kind === 'consent' || (lineage.length > 0 && lineage.every(names))
}

export function mayUseServer(facts: AccessFacts, person: PersonId, server: string): boolean {
  return entitlementsOfPerson(facts, person).some(({ terms }) => namesServer(terms, server))
}

function namesServer({ capabilities }: GrantTerms, server: string): boolean {
  const starts = KINDS.map((kind) => `${kind}:${server}/`)
  return capabilities.some(({ capability }) => starts.some((start) => canBeginWith(capability, start)))
}

/** Whether the pattern, an exact name or one that ends in `*`, names something that begins so. */
function canBeginWith(pattern: string, start: string): boolean {
  return pattern.startsWith(start) || (pattern.endsWith('*') && start.startsWith(pattern.slice(0, -1)))
}
