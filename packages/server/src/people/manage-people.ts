import type { PersonId } from '@parley/contract'
import type { Unit } from '../store/index.ts'
import { checkGroups, checkRoles, knownPerson } from './check-changes.ts'
import { manageGroups } from './manage-groups.ts'
import { manageLinks } from './manage-links.ts'
import { manageSessions } from './manage-sessions.ts'
import type { Parts } from './parts.ts'
import type { Actor, PeopleManagement, Person } from './people.ts'

const LAST_ADMINISTRATOR = 'This would leave the hub without an administrator.'
const RACED = 'Someone changed this account at the same moment.'

/** Accounts as administrators see them. Whatever lowers what somebody may do ends their sessions and tokens with it. */
export function managePeople(parts: Parts): PeopleManagement {
  const { people, changes } = parts
  const known = (id: PersonId) => knownPerson(parts, id)
  return {
    ...manageLinks(parts),
    ...manageGroups(parts),
    ...manageSessions(parts),
    list: () => people.people(),
    findByEmail: (email) => people.personByEmail(email.trim().toLowerCase()),

    async setRoles(id, roles, by) {
      const unit = [people.setRoles(id, checkRoles(roles))]
      await cutOff(parts, known(id), { action: 'person.roles', by, note: roles.join(', '), unit })
      return known(id)
    },

    async setGroups(id, groups, by) {
      const { email } = known(id)
      const unit = people.setGroups(id, checkGroups(parts, groups))
      const note = `${email}: ${groups.join(', ')}`
      await changes.commit({ action: 'person.groups', by, note, unit, touchesPeople: true }, RACED)
      return known(id)
    },

    async suspend(id, by) {
      const unit = [people.setState(id, 'suspended')]
      await cutOff(parts, known(id), { action: 'person.suspend', by, note: 'suspended', unit })
      return known(id)
    },

    async reactivate(id, by) {
      const { email } = known(id)
      const unit = [people.setState(id, 'active')]
      const change = { action: 'person.reactivate', by, note: email, unit, touchesPeople: true }
      await changes.commit(change, 'The account is active already.')
      return known(id)
    },

    async remove(id, by) {
      const unit = [people.deletePerson(id)]
      await cutOff(parts, known(id), { action: 'person.remove', by, note: 'removed', unit })
    },
  }
}

/** A change of one account that ends what its person has open; never that of the last administrator. */
async function cutOff(
  parts: Parts,
  person: Person,
  change: { action: string; by: Actor; note: string; unit: Unit },
): Promise<void> {
  const isAdministrator = person.roles.includes('admin') && person.state === 'active'
  await parts.changes.commit(
    {
      action: change.action,
      by: change.by,
      note: `${person.email}: ${change.note}`,
      unit: [
        parts.sessionStore.deleteOfPerson(person.id),
        parts.links.deleteOfPerson(person.id),
        ...change.unit,
        ...(isAdministrator ? [parts.people.requireAdministrator()] : []),
      ],
      ends: [{ kind: 'person', id: person.id }],
      touchesPeople: true,
    },
    isAdministrator ? LAST_ADMINISTRATOR : RACED,
  )
}
