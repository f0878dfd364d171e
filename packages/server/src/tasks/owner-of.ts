import type { Principal } from '@parley/contract'

/**
 * Whose a task is: everyone who acts, outermost first. The same app of the same person finds its tasks again under a new
 * token and a new grant; another app of theirs does not.
 */
export function ownerOf({ chain, subject }: Pick<Principal, 'chain' | 'subject'>): string {
  const [first, ...others] = chain
  if (!first) return subject
  let owner: string = first.id
  for (const { id } of others) owner += ` ${id}`
  return owner
}
