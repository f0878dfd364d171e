import type { AgentId, CapabilityName, Grant, GroupId, PersonId, Role } from '@parley/contract'
import { EVERYONE, type Grants } from '../grants/index.ts'

/** What access asks of accounts. */
export interface PeopleFacts {
  rolesOf(person: PersonId): readonly Role[]
  groupsOf(person: PersonId): readonly GroupId[]
}

export interface AccessFacts {
  readonly grants: Grants
  readonly people: PeopleFacts
}

/** Whether the person may be let use the capability: by an entitlement of their own, of a group of theirs, or of everyone. */
export function isEntitled(
  { grants, people }: AccessFacts,
  person: PersonId,
  capability: CapabilityName,
  args?: () => unknown,
): boolean {
  return (
    entitles({ kind: 'group', id: EVERYONE }) ||
    entitles({ kind: 'person', id: person }) ||
    people.groupsOf(person).some((id) => entitles({ kind: 'group', id }))
  )

  function entitles(holder: { kind: 'group'; id: GroupId } | { kind: 'person'; id: PersonId }): boolean {
    return grants
      .entitlementsOf(holder)
      .some(({ id }) => grants.covers(id, capability, args).kind === 'covered')
  }
}

/** Whether any of what an agent was granted for itself covers the capability. */
export function isAgentEntitled(
  { grants }: Pick<AccessFacts, 'grants'>,
  id: AgentId,
  capability: CapabilityName,
): boolean {
  return grants
    .entitlementsOf({ kind: 'agent', id })
    .some((grant) => grants.covers(grant.id, capability).kind === 'covered')
}

/** Their own, those of their groups, and those of everyone. */
export function entitlementsOfPerson({ grants, people }: AccessFacts, person: PersonId): readonly Grant[] {
  const groups = [EVERYONE, ...people.groupsOf(person)]
  return [
    ...groups.flatMap((id) => grants.entitlementsOf({ kind: 'group', id })),
    ...grants.entitlementsOf({ kind: 'person', id: person }),
  ]
}
