import type { AgentId, AppId, Grant, GrantId, PersonId } from '@parley/contract'
import type { App, ClientDirectory } from '../../clients/index.ts'
import type { Grants } from '../../grants/index.ts'

/** Who acts in a person's name under a grant. */
export type Holder =
  | { readonly kind: 'app'; readonly name: string; readonly app: App | undefined }
  | { readonly kind: 'agent'; readonly name: string }

/** A grant with the newest of what was passed on below it. */
export interface ActingGrant {
  readonly grant: Grant
  readonly holder: Holder
  readonly below: readonly ActingGrant[]
  /** How many were passed on directly; `below` may have fewer. */
  readonly belowCount: number
}

/** An app may pass on to hundreds of agents, and each of them again: a page shows the beginning. */
const SHOWN_BELOW = 10

export interface ActingGrantSources {
  readonly grants: Pick<Grants, 'list' | 'find'>
  readonly clients: Pick<ClientDirectory, 'app' | 'agent'>
}

/** What acts for a person now, newest first: what the person let in, not what that passed on. */
export function listActing({ grants }: Pick<ActingGrantSources, 'grants'>, person: PersonId): Grant[] {
  const own = grants.list({ person })
  const ids = new Set(own.map(({ id }) => id))
  return newestFirst(
    own.filter(({ kind, parent }) => kind !== 'entitlement' && (parent === null || !ids.has(parent))),
  )
}

/** What was passed on directly from one grant, newest first. */
export function listPassedOn({ grants }: Pick<ActingGrantSources, 'grants'>, parent: GrantId): Grant[] {
  return newestFirst(grants.list({ parent }))
}

/** `levels`: how far down it goes. */
export function withBelow(sources: ActingGrantSources, grant: Grant, levels: number): ActingGrant {
  const below = listPassedOn(sources, grant.id)
  const shown = levels > 0 ? below.slice(0, SHOWN_BELOW) : []
  return {
    grant,
    holder: holderOf(sources, grant),
    below: shown.map((child) => withBelow(sources, child, levels - 1)),
    belowCount: below.length,
  }
}

function newestFirst(grants: readonly Grant[]): Grant[] {
  return grants.toSorted((left, right) => right.createdAt - left.createdAt || (left.id < right.id ? 1 : -1))
}

/** A grant in this person's name, ended or not; another's is the same as none (G5). */
export function findOwn(
  { grants }: Pick<ActingGrantSources, 'grants'>,
  person: PersonId,
  id: GrantId,
): Grant | undefined {
  const grant = grants.find(id)
  return grant?.person === person && grant.kind !== 'entitlement' ? grant : undefined
}

export function holderOf({ clients }: Pick<ActingGrantSources, 'clients'>, { holder }: Grant): Holder {
  if (holder.kind === 'app') {
    const app = clients.app(holder.id as AppId)
    return { kind: 'app', name: app?.name ?? 'An app that was removed', app }
  }
  const name = holder.kind === 'agent' ? clients.agent(holder.id as AgentId)?.name : undefined
  return { kind: 'agent', name: name ?? 'an agent that was removed' }
}
