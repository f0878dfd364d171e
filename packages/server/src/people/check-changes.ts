import { ParleyError, type GroupId, type PersonId, type Role } from '@parley/contract'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'

const ROLES: readonly Role[] = ['admin', 'operator', 'auditor', 'member']

export function knownPerson({ directory }: Parts, id: PersonId): Person {
  const person = directory.find(id)
  if (!person) throw new ParleyError('not_found', 'There is no such person.')
  return person
}

export function checkRoles(roles: readonly Role[]): readonly Role[] {
  if (roles.length === 0 || roles.some((role) => !ROLES.includes(role)))
    throw new ParleyError('invalid_params', `Name at least one role of ${ROLES.join(', ')}.`)
  return ROLES.filter((role) => roles.includes(role))
}

export function checkGroups({ people }: Parts, groups: readonly GroupId[]): readonly GroupId[] {
  const all = new Set(people.groups().map(({ id }) => id))
  if (groups.some((id) => !all.has(id))) throw new ParleyError('invalid_params', 'There is no such group.')
  return [...new Set(groups)]
}
