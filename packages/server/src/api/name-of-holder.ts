import type { GrantHolder } from '@parley/contract'
import { EVERYONE } from '../grants/index.ts'
import type { GrantTools } from './grant-handlers.ts'

/** What people call it; null when it is gone. */
export function nameOfHolder(
  holder: GrantHolder,
  { people, clients }: Pick<GrantTools, 'people' | 'clients'>,
): string | null {
  if (holder.kind === 'person') return people.find(holder.id)?.email ?? null
  if (holder.kind === 'app') return clients.app(holder.id)?.name ?? null
  if (holder.kind === 'agent') return clients.agent(holder.id)?.name ?? null
  if (holder.id === EVERYONE) return 'everyone'
  return people.management.groups().find(({ id }) => id === holder.id)?.name ?? null
}
