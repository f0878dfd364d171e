import {
  ParleyError,
  capabilityName,
  type CapabilityName,
  type Grant,
  type GrantHolder,
} from '@parley/contract'
import type { Clients } from '../clients/index.ts'
import type { GrantFilter, Grants } from '../grants/index.ts'
import type { People } from '../people/index.ts'
import { isApproved, type ManagedRegistry } from '../registry/index.ts'
import type { ApiHandlers, ApiRequest } from './handlers.ts'
import { nameOfHolder } from './name-of-holder.ts'
import { pageOf } from './page-of.ts'

export interface GrantTools {
  readonly grants: Grants
  readonly people: Pick<People, 'find' | 'management'>
  readonly clients: Pick<Clients, 'app' | 'agent'>
  readonly registry: ManagedRegistry | undefined
}

/** Who may use what. */
export function grantHandlers(tools: GrantTools) {
  const { grants } = tools
  const view = viewOfGrants(tools)
  const known = (id: Grant['id']): Grant => {
    const grant = grants.find(id)
    if (!grant) throw new ParleyError('not_found', 'There is no such grant.')
    return grant
  }
  return {
    listGrants: async ({ query }) => {
      const { items, next } = pageOf(filterGrants(grants, query), query.after)
      return { grants: items.map(view), next }
    },
    showGrant: async ({ parameters }) => {
      const grant = known(parameters.grant)
      return {
        grant: view(grant),
        parents: grants.lineage(grant.id).slice(1).map(view),
        delegations: grants.list({ parent: grant.id }).map(view),
        covers: offered(tools.registry).filter((name) => grants.covers(grant.id, name).kind === 'covered'),
      }
    },
    addGrant: async ({ body: { holder, terms }, principal }) => {
      if (nameOfHolder(holder, tools) === null)
        throw new ParleyError('not_found', `There is no such ${holder.kind}.`)
      const entitlement = { kind: 'entitlement', holder, person: null, parent: null, terms } as const
      return view(await grants.create(entitlement, principal.subject))
    },
    changeGrant: async ({ parameters, body, principal }) => {
      const grant = known(parameters.grant)
      if (grant.version !== body.version)
        throw new ParleyError(
          'conflict',
          `The grant was changed meanwhile; it is at version ${grant.version}.`,
        )
      return view(await grants.changeTerms(grant.id, body.terms, principal.subject))
    },
    revokeGrant: async ({ parameters, principal }) => ({
      ended: await grants.revoke(known(parameters.grant).id, principal.subject),
    }),
  } satisfies Partial<ApiHandlers>
}

/** A grant with the name of its holder. */
export function viewOfGrants(tools: Pick<GrantTools, 'people' | 'clients'>) {
  return (grant: Grant) => ({ ...grant, holderName: nameOfHolder(grant.holder, tools) })
}

/** What filters name more than one thing, all of it must hold. */
function filterGrants(grants: Pick<Grants, 'list'>, query: ApiRequest<'listGrants'>['query']): Grant[] {
  const { person, app, agent, group, parent, revoked } = query
  const holders: GrantHolder[] = []
  if (app !== undefined) holders.push({ kind: 'app', id: app })
  if (agent !== undefined) holders.push({ kind: 'agent', id: agent })
  if (group !== undefined) holders.push({ kind: 'group', id: group })
  if (holders.length > 1) return []
  const filter: GrantFilter = {
    ...(holders[0] === undefined ? {} : { holder: holders[0] }),
    ...(parent === undefined ? {} : { parent }),
    includeRevoked: revoked === 'true',
  }
  const found = grants.list(person === undefined ? filter : { ...filter, person })
  if (person === undefined || holders.length > 0) return [...found]
  return [...found, ...grants.list({ ...filter, holder: { kind: 'person', id: person } })]
}

/** What the servers offer now, and is approved. */
function offered(registry: ManagedRegistry | undefined): CapabilityName[] {
  return (registry?.servers() ?? []).flatMap(({ name: owner, definitions }) =>
    definitions.flatMap((row) =>
      row.kind === 'instructions' || row.gone || !isApproved(row)
        ? []
        : [capabilityName({ kind: row.kind, owner, name: row.name })],
    ),
  )
}
