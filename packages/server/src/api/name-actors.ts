import { isId, type ActivityRecord, type Grant, type GrantHolder } from '@parley/contract'
import type { GrantTools } from './grant-handlers.ts'
import { nameOfHolder } from './name-of-holder.ts'

type NameTools = Pick<GrantTools, 'people' | 'clients'> & {
  readonly grants: Pick<GrantTools['grants'], 'find'>
}

/** What those in the records are called now, by id; who is gone or has no name is left out. */
export function nameActors(records: readonly ActivityRecord[], tools: NameTools): Record<string, string> {
  const ids = new Set(records.flatMap(idsOf))
  const names = Array.from(ids, (id) => [id, nameOf(id, tools)] as const)
  return Object.fromEntries(names.filter((pair): pair is [string, string] => pair[1] !== null))
}

function idsOf({ subject, person, app, grant, chain }: ActivityRecord): string[] {
  return [subject, person, app, grant, ...chain.map(({ id }) => id)].filter((id) => id !== undefined)
}

function nameOf(id: string, tools: NameTools): string | null {
  if (isId('key', id)) return 'administrator’s key'
  if (isId('grant', id)) {
    const grant = tools.grants.find(id)
    return grant ? nameOfGrant(grant, tools) : null
  }
  const holder = holderOf(id)
  return holder && nameOfHolder(holder, tools)
}

function holderOf(id: string): GrantHolder | null {
  if (isId('person', id)) return { kind: 'person', id }
  if (isId('app', id)) return { kind: 'app', id }
  return isId('agent', id) ? { kind: 'agent', id } : null
}

/** Who holds it, and for whom. */
function nameOfGrant({ holder, person }: Grant, tools: NameTools): string | null {
  const own = nameOfHolder(holder, tools)
  const whose = person === null ? null : nameOfHolder({ kind: 'person', id: person }, tools)
  return own !== null && whose !== null ? `${own} for ${whose}` : own
}
