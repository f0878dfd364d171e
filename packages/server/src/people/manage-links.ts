import { ParleyError } from '@parley/contract'
import { checkGroups, checkRoles, knownPerson } from './check-changes.ts'
import { newLink } from './links.ts'
import type { Parts } from './parts.ts'
import type { PeopleManagement } from './people.ts'
import { readEmail } from './read-person.ts'

type Managed = Pick<PeopleManagement, 'invitations' | 'invite' | 'withdrawInvitation' | 'createReset'>

/** The links that administrators hand out. */
export function manageLinks(parts: Parts): Managed {
  const { people, changes, links, clock, limits } = parts
  return {
    invitations: () => links.invitations(clock.now()),

    async invite(invitation, by) {
      const email = readEmail(invitation.email)
      if (email === undefined) throw new ParleyError('invalid_params', 'That is not an email address.')
      if (people.personByEmail(email))
        throw new ParleyError('conflict', 'There is an account with this address already.')
      const roles = checkRoles(invitation.roles)
      const groups = checkGroups(parts, invitation.groups)
      const about = { kind: 'invite', email, roles, groups, person: null, dropFactors: false } as const
      const { link, unit } = newLink(parts, about)
      const room = links.requireRoom(limits, clock.now())
      const note = `${email} as ${roles.join(', ')}`
      await changes.commit(
        { action: 'person.invite', by, note, unit: [...unit, room] },
        `There may be ${limits.invitations} open invitations, and ${limits.people} accounts together with them ` +
          '(limits.invitations, limits.people). Withdraw or remove some first.',
      )
      return link
    },

    async withdrawInvitation(id, by) {
      const change = { action: 'invitation.withdraw', by, note: id, unit: [links.withdraw(id)] }
      await changes.commit(change, 'The invitation was used or withdrawn already.')
    },

    async createReset(id, { dropFactors }, by) {
      const { email } = knownPerson(parts, id)
      const about = { kind: 'reset', email, roles: [], groups: [], person: id, dropFactors } as const
      const { link, unit } = newLink(parts, about)
      const note = `${email}${dropFactors ? ', second factors too' : ''}`
      await changes.commit({ action: 'person.reset', by, note, unit }, 'The account is gone.')
      return link
    },
  }
}
