import { ParleyError, type PersonId, type Principal } from '@parley/contract'
import { viewOfGrants, type GrantTools } from './grant-handlers.ts'
import type { ApiHandlers } from './handlers.ts'
import { pageOf } from './page-of.ts'
import { knownPerson, viewOfPeople, type PeopleTools } from './people-handlers.ts'

type MeTools = Pick<GrantTools, 'grants' | 'clients'> & Pick<PeopleTools, 'people'>

/** What anyone may see and end of their own; what is somebody else's is not found. */
export function meHandlers({ grants, people, clients }: MeTools) {
  const grantView = viewOfGrants({ people, clients })
  const personView = viewOfPeople(people)
  return {
    whoAmI: async ({ principal: { person, roles, app, grant, scopes } }) => {
      const known = person === undefined ? undefined : knownPerson(people, person)
      return {
        person: known ? personView(known) : null,
        roles: known ? known.roles : roles,
        app: app ?? null,
        grant: grant ?? null,
        scopes: scopes ?? [],
      }
    },
    listMyGrants: async ({ principal, query }) => {
      const { items, next } = pageOf(grants.list({ person: meOf(principal) }), query.after)
      return { grants: items.map(grantView), next }
    },
    revokeMyGrant: async ({ principal, parameters }) => {
      const grant = grants.find(parameters.grant)
      if (grant?.person !== meOf(principal)) throw new ParleyError('not_found', 'You gave no such grant.')
      return { ended: await grants.revoke(grant.id, principal.subject) }
    },
    listMySessions: async ({ principal }) => ({ sessions: people.management.sessions(meOf(principal)) }),
    endMySession: async ({ principal, parameters: { session } }) => {
      await people.management.endSession(meOf(principal), session, principal)
      return { ended: session }
    },
    showMyPresentation: async ({ principal }) => people.presentation.of(meOf(principal)) ?? {},
    setMyPresentation: async ({ principal, body }) => {
      await people.presentation.set(meOf(principal), body, principal)
      return body
    },
  } satisfies Partial<ApiHandlers>
}

export function meOf({ person }: Principal): PersonId {
  if (person !== undefined) return person
  throw new ParleyError(
    'not_found',
    "The administrator's first key is nobody's own; sign in with `parley login`.",
  )
}
