import type { Acr, GroupId, PersonId, Role, SessionId } from '@parley/contract'

export interface Person {
  readonly id: PersonId
  /** Lower case, unique. */
  readonly email: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly groups: readonly GroupId[]
  readonly state: 'active' | 'suspended'
  readonly createdAt: number
}

/** A person who is signed in, in one browser. */
export interface BrowserSession {
  readonly id: SessionId
  readonly person: PersonId
  readonly acr: Acr
  /** RFC 8176 values. */
  readonly amr: readonly string[]
  /** Seconds since the epoch of the last time the person proved who they are. */
  readonly authTime: number
}

/** What other rooms ask of accounts; signing in, proving and managing is this room's own. */
export interface PeopleDirectory {
  find(id: PersonId): Person | undefined
  /** Counts every change of people, groups and roles. */
  readonly version: number
}
