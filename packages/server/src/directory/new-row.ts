import type { AgentRow, SeenCard } from './agent-row.ts'

export type AgentOrigin = Pick<AgentRow, 'name' | 'source' | 'cardUrl' | 'terms'>

/** The row of an agent whose first card is approved with it, or waits for the reason given. */
export function newRow(
  given: AgentOrigin,
  how: {
    readonly seen: SeenCard
    readonly reason: string | null
    readonly by: { readonly actor: string; readonly at: number }
  },
): AgentRow {
  const { seen, reason, by } = how
  const isApproved = reason === null
  return {
    ...given,
    state: isApproved ? 'approved' : 'pending',
    card: seen.body,
    cardHash: seen.hash,
    reason,
    approvedCard: isApproved ? seen.body : null,
    approvedHash: isApproved ? seen.hash : null,
    approvedBy: isApproved ? by.actor : null,
    approvedAt: isApproved ? by.at : null,
    addedAt: by.at,
    keys: [],
  }
}

/** The row of an agent whose card was not read yet. */
export function emptyRow(given: AgentOrigin & Pick<AgentRow, 'state' | 'keys'>, addedAt: number): AgentRow {
  return {
    ...given,
    card: null,
    cardHash: null,
    reason: null,
    approvedCard: null,
    approvedHash: null,
    approvedBy: null,
    approvedAt: null,
    addedAt,
  }
}
