import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  Acr,
  GroupId,
  InvitationId,
  PersonId,
  PresentationNeeds,
  Principal,
  Role,
  SessionId,
} from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { RawHandler } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { PageKit } from '../pages/index.ts'
import type { Revocations } from '../revocations/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'

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

/** How sure, and how lately, a page wants to know who is in front of it. */
export interface Demand {
  /** At least this; `urn:parley:2fa` when absent, and never less. */
  readonly acr?: Acr | undefined
  /** Never taken for less than 30: the way back takes a moment. */
  readonly maxAgeSeconds?: number | undefined
  /** Where to go on after signing in: a path of ours that `return-path.ts` lists. */
  readonly returnTo: string
}

/** What other rooms ask of accounts. */
export interface PeopleDirectory {
  find(id: PersonId): Person | undefined
  /** Counts every change of people, groups and roles. */
  readonly version: number
}

/** Who makes a change, for its activity record. */
export type Actor = Pick<Principal, 'subject' | 'chain' | 'person'>

export interface Group {
  readonly id: GroupId
  readonly name: string
  readonly createdAt: number
}

export interface Invitation {
  readonly id: InvitationId
  readonly email: string
  readonly roles: readonly Role[]
  readonly groups: readonly GroupId[]
  readonly createdAt: number
  readonly expiresAt: number
}

/** A link that works once; its secret is shown here and never again. */
export interface OneTimeLink {
  readonly id: InvitationId
  readonly url: string
  readonly expiresAt: number
}

/** Where a person is signed in. */
export interface SessionView {
  readonly id: SessionId
  /** The browser, as it calls itself. */
  readonly browser: string
  readonly acr: Acr
  readonly createdAt: number
  readonly lastUsedAt: number
  readonly expiresAt: number
}

/** What administrators do with accounts. Each is one unit with its activity record; all throw `ParleyError`. */
export interface PeopleManagement {
  list(): readonly Person[]
  findByEmail(email: string): Person | undefined
  groups(): readonly Group[]
  invitations(): readonly Invitation[]
  /** `conflict` when the address has an account. An earlier invitation of the same address ends. */
  invite(
    invitation: { email: string; roles: readonly Role[]; groups: readonly GroupId[] },
    by: Actor,
  ): Promise<OneTimeLink>
  withdrawInvitation(id: InvitationId, by: Actor): Promise<void>
  /**
   * A link with which the person chooses a new password; a second factor is still asked for. With `dropFactors` the link
   * takes passkeys, authenticator app and recovery codes away, for a person who lost them.
   */
  createReset(id: PersonId, options: { readonly dropFactors: boolean }, by: Actor): Promise<OneTimeLink>
  setRoles(id: PersonId, roles: readonly Role[], by: Actor): Promise<Person>
  setGroups(id: PersonId, groups: readonly GroupId[], by: Actor): Promise<Person>
  suspend(id: PersonId, by: Actor): Promise<Person>
  reactivate(id: PersonId, by: Actor): Promise<Person>
  remove(id: PersonId, by: Actor): Promise<void>
  createGroup(name: string, by: Actor): Promise<Group>
  removeGroup(id: GroupId, by: Actor): Promise<void>
  /** Those that have not ended, the last used first. */
  sessions(person: PersonId): readonly SessionView[]
  /** Throws `not_found` for a session that is not this person's. */
  endSession(person: PersonId, session: SessionId, by: Actor): Promise<void>
}

/** How answers are to be put to people, as they said it themselves. */
export interface PeoplePresentation {
  of(person: PersonId): PresentationNeeds | undefined
  set(person: PersonId, needs: PresentationNeeds, by: Actor): Promise<void>
}

/** Accounts, and the pages on which people sign in and keep theirs. */
export interface People extends PeopleDirectory {
  readonly management: PeopleManagement
  readonly presentation: PeoplePresentation
  /** By first path segment: setup, invite, reset, login, logout, account. */
  readonly handlers: Readonly<Record<string, RawHandler>>
  /** The link that makes the first administrator; undefined when there is one. An earlier link ends. */
  openSetup(): Promise<string | undefined>
  /** Who is signed in, with two factors or a passkey; a session that has only given a password is nobody's yet. */
  signedIn(request: IncomingMessage): BrowserSession | undefined
  /** Whether the session shows as much as is asked for. */
  meets(session: BrowserSession, demand: Pick<Demand, 'acr' | 'maxAgeSeconds'>): boolean
  /** The session that meets the demand; otherwise the response has been redirected to where it can be met. */
  requireSession(
    request: IncomingMessage,
    response: ServerResponse,
    demand: Demand,
  ): BrowserSession | undefined
}

export interface PeopleLimits {
  /** Accounts, together with invitations that are open. */
  readonly people: number
  readonly groups: number
  /** Open ones. */
  readonly invitations: number
}

export interface PeopleOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly sealer: Sealer
  readonly pages: PageKit
  /** A session, or all that a person has, ends in the same unit everywhere. */
  readonly revocations: Pick<Revocations, 'statement' | 'announce'>
  /** How many apps and agents act for a person; `/account/apps` shows them. */
  readonly countActing: (person: PersonId) => number
  /** Whether there is a gateway, and `/account/connections` with it. */
  readonly hasConnections: boolean
  /** The proxy in front names the client's address last in X-Forwarded-For. */
  readonly trustedProxy: boolean
  readonly limits: PeopleLimits
  readonly onError: (error: unknown) => void
}
