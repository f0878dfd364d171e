import { ParleyError, type GroupId } from '@parley/contract'
import type { Group } from '../people/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { pageOf } from './page-of.ts'
import { knownPerson, viewOfPeople, type PeopleTools } from './people-handlers.ts'

/** Groups of people. */
export function groupHandlers({ people, grants }: PeopleTools) {
  const { management } = people
  const person = viewOfPeople(people)
  const membersOf = (group: GroupId) => management.list().filter(({ groups }) => groups.includes(group))
  const view = ({ id, name, createdAt }: Group) => ({ id, name, createdAt, members: membersOf(id).length })
  const known = (id: GroupId): Group => {
    const group = management.groups().find((candidate) => candidate.id === id)
    if (!group) throw new ParleyError('not_found', 'There is no such group.')
    return group
  }
  return {
    listGroups: async ({ query }) => {
      const { items, next } = pageOf(management.groups(), query.after)
      return { groups: items.map(view), next }
    },
    addGroup: async ({ body, principal }) => view(await management.createGroup(body.name, principal)),
    removeGroup: async ({ parameters, principal }) => {
      const { id } = known(parameters.group)
      // Grants first: what is left after a stop between the two is a group that is entitled to nothing.
      for (const grant of grants.list({ holder: { kind: 'group', id } }))
        await grants.revoke(grant.id, principal.subject)
      await management.removeGroup(id, principal)
      return { removed: id }
    },
    listGroupMembers: async ({ parameters, query }) => {
      const { items, next } = pageOf(membersOf(known(parameters.group).id), query.after)
      return { people: items.map(person), next }
    },
    addGroupMember: async ({ parameters, principal }) => {
      const { id, groups } = knownPerson(people, parameters.person)
      const group = known(parameters.group).id
      if (groups.includes(group)) return person(knownPerson(people, id))
      return person(await management.setGroups(id, [...groups, group], principal))
    },
    removeGroupMember: async ({ parameters, principal }) => {
      const { id, groups } = knownPerson(people, parameters.person)
      const group = known(parameters.group).id
      if (!groups.includes(group)) return person(knownPerson(people, id))
      const rest = groups.filter((other) => other !== group)
      return person(await management.setGroups(id, rest, principal))
    },
  } satisfies Partial<ApiHandlers>
}
