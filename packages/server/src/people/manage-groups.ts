import { ParleyError } from '@parley/contract'
import type { Parts } from './parts.ts'
import type { PeopleManagement } from './people.ts'

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u
const NO_NAME = 'A group has a name of at most 64 letters, digits, spaces, dots, underscores and hyphens.'

type Managed = Pick<PeopleManagement, 'groups' | 'createGroup' | 'removeGroup'>

/** Groups of people: what a group is entitled to, each of its members is. */
export function manageGroups({ people, changes, newId, clock, limits }: Parts): Managed {
  return {
    groups: () => people.groups(),

    async createGroup(name, by) {
      if (!NAME.test(name)) throw new ParleyError('invalid_params', NO_NAME)
      const group = { id: newId('group'), name, createdAt: clock.now() }
      const unit = [people.insertGroup(group, limits.groups)]
      const change = { action: 'group.create', by, note: name, unit, touchesPeople: true }
      await changes.commit(
        change,
        `There is a group of this name already, or there are ${limits.groups} groups (limits.groups).`,
      )
      return group
    },

    async removeGroup(id, by) {
      const unit = [people.deleteGroup(id)]
      const change = { action: 'group.remove', by, note: id, unit, touchesPeople: true }
      await changes.commit(change, 'There is no such group any more.')
    },
  }
}
