import type { Statement } from '../store/index.ts'
import { findLookalike } from './find-lookalike.ts'
import { isApproved, type ManagedServer } from './managed-server.ts'
import type { Reading } from './read-upstream.ts'
import type { RegistryStore } from './registry-store.ts'

/**
 * What a reading changes in the store. The first one of an approved server approves what it holds; afterwards a new or
 * changed definition is stored as held back, with the reason, and a missing one as gone.
 */
export function planReading(
  rows: RegistryStore,
  server: ManagedServer,
  how: { readonly reading: Reading; readonly first: boolean; readonly at: number },
): Statement[] {
  const { reading, first, at } = how
  const unit: Statement[] = first ? [rows.pin(server.id)] : []
  const known = new Map(server.definitions.map((row) => [`${row.kind} ${row.name}`, row]))
  const offered: string[] = server.definitions
    .filter((row) => row.kind === 'tool' && isApproved(row))
    .map((row) => row.name)
  for (const definition of reading.definitions) {
    const row = known.get(`${definition.kind} ${definition.name}`)
    known.delete(`${definition.kind} ${definition.name}`)
    if (row?.hash === definition.hash && !row.gone && !first) continue
    const lookalike = definition.kind === 'tool' ? findLookalike(definition.name, offered) : undefined
    const approve = first && lookalike === undefined
    if (approve && definition.kind === 'tool') offered.push(definition.name)
    const reason = approve ? null : reasonFor(lookalike, row?.approvedHash ?? null)
    unit.push(...rows.saveDefinition(server.id, definition, { at, approve, reason }))
  }
  for (const row of known.values()) if (!row.gone) unit.push(rows.markGone(server.id, row.kind, row.name))
  return unit
}

export function reasonFor(lookalike: string | undefined, approvedHash: string | null): string {
  if (lookalike !== undefined) return `looks like "${lookalike}"`
  return approvedHash === null ? 'new since the server was approved' : 'changed since it was approved'
}
