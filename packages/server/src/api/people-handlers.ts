import { ParleyError, type PersonId } from '@parley/contract'
import type { Grants } from '../grants/index.ts'
import type { People, Person } from '../people/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { pageOf } from './page-of.ts'

export interface PeopleTools {
  readonly people: People
  readonly grants: Pick<Grants, 'list' | 'revoke'>
}

/** Accounts. */
export function peopleHandlers({ people, grants }: PeopleTools) {
  const { management } = people
  const view = viewOfPeople(people)
  return {
    listPeople: async ({ query }) => {
      const one = query.email === undefined ? undefined : management.findByEmail(query.email)
      const all = query.email === undefined ? management.list() : one ? [one] : []
      const { items, next } = pageOf(all, query.after)
      return { people: items.map(view), next }
    },
    showPerson: async ({ parameters }) => view(knownPerson(people, parameters.person)),
    setPersonRoles: async ({ parameters, body, principal }) =>
      view(await management.setRoles(parameters.person, body.roles, principal)),
    setPersonGroups: async ({ parameters, body, principal }) =>
      view(await management.setGroups(parameters.person, body.groups, principal)),
    suspendPerson: async ({ parameters, principal }) =>
      view(await management.suspend(parameters.person, principal)),
    reactivatePerson: async ({ parameters, principal }) =>
      view(await management.reactivate(parameters.person, principal)),
    resetPerson: ({ parameters, body, principal }) =>
      management.createReset(parameters.person, body, principal),
    removePerson: async ({ parameters: { person }, principal }) => {
      await management.remove(knownPerson(people, person).id, principal)
      // Nothing is left that could use them: sessions and tokens ended with the account.
      for (const grant of [
        ...grants.list({ person }),
        ...grants.list({ holder: { kind: 'person', id: person } }),
      ])
        await grants.revoke(grant.id, principal.subject)
      return { removed: person }
    },
    listPersonSessions: async ({ parameters }) => ({
      sessions: management.sessions(knownPerson(people, parameters.person).id),
    }),
    endPersonSession: async ({ parameters: { person, session }, principal }) => {
      await management.endSession(person, session, principal)
      return { ended: session }
    },
    listInvitations: async () => ({ invitations: management.invitations() }),
    invitePerson: ({ body, principal }) => management.invite(body, principal),
    withdrawInvitation: async ({ parameters: { invitation }, principal }) => {
      await management.withdrawInvitation(invitation, principal)
      return { withdrawn: invitation }
    },
  } satisfies Partial<ApiHandlers>
}

/** A person with the names of their groups. */
export function viewOfPeople({ management }: Pick<People, 'management'>) {
  return ({ id, email, name, roles, groups, state, createdAt }: Person) => {
    const names = new Map(management.groups().map((group) => [group.id, group.name]))
    return {
      id,
      email,
      name,
      roles,
      groups: groups.map((group) => ({ id: group, name: names.get(group) ?? '' })),
      state,
      createdAt,
    }
  }
}

export function knownPerson(people: Pick<People, 'find'>, id: PersonId): Person {
  const person = people.find(id)
  if (!person) throw new ParleyError('not_found', 'There is no such person.')
  return person
}
