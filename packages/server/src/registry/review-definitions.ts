import { ParleyError } from '@parley/contract'
import type { Statement } from '../store/index.ts'
import type { DefinitionKind } from './catalog.ts'
import { definitionCapability, type Happening } from './definition-records.ts'
import type { ManagedServer } from './managed-server.ts'
import { readParamHeaders } from './read-param-headers.ts'
import { definitionKey } from './read-upstream.ts'
import type { RegistryStore } from './registry-store.ts'

/** What a reviewer approves: the hash says what was seen. */
export interface ApprovedItem {
  readonly kind: DefinitionKind
  readonly name: string
  readonly hash: string
}

/**
 * The unit that approves definitions, and a pending server with them. It takes effect only if each is still exactly
 * what was seen. Throws `not_found`, or `invalid_params` for one that can never be approved.
 */
export function approveDefinitions(
  rows: RegistryStore,
  server: ManagedServer,
  review: { readonly items: readonly ApprovedItem[]; readonly actor: string },
): { unit: Statement[]; happenings: Happening[] } {
  const { items, actor } = review
  for (const item of items) refuseUnapprovable(server, item)
  const unit = items.map((item) => rows.approve(server.id, item))
  const happenings: Happening[] = items.map(({ kind, name, hash }) => ({
    action: 'definition.approve',
    subject: actor,
    note: `${server.name}: ${kind} ${name.slice(0, 200)}`,
    definitionHash: hash,
    ...definitionCapability(server.name, kind, name),
  }))
  if (server.row.state === 'pending') {
    unit.push(rows.approveServer(server.id))
    happenings.push({ action: 'server.approve', subject: actor, note: server.name })
  }
  return { unit, happenings }
}

function refuseUnapprovable(server: ManagedServer, { kind, name }: ApprovedItem): void {
  const row = server.rows.get(definitionKey(kind, name))
  if (!row) throw new ParleyError('not_found', `"${server.name}" offers no ${kind} "${name.slice(0, 128)}".`)
  if (kind !== 'tool') return
  const found = readParamHeaders(row.body['inputSchema'])
  if (found.kind === 'ok') return
  throw new ParleyError('invalid_params', `The tool "${name}" cannot be approved: ${found.reason}.`)
}
