import type { ConnectionId, PersonId } from '@parley/contract'
import type { Connection, ConnectionSecret, CredentialHeaders, OwnerRule } from './connection.ts'

/** Who does it, for the record: a principal's subject, and its person if there is one. */
export interface Actor {
  readonly subject: string
  readonly person?: PersonId
}

/** What a call to a server carries. */
export interface Carry {
  readonly kind: 'carry'
  readonly connection: Connection
  /** Asked for at every request, so that a renewed secret is taken up; throws `forbidden` once the connection has ended. */
  headers(): CredentialHeaders
  /** The same as `name: value\r\n` lines. */
  lines(): string
}

/** The call cannot be made before its person has connected the server, or connected it again. */
export interface Needed {
  readonly kind: 'needed'
  readonly why: 'none' | 'reconnect'
  /** Undefined where only an administrator can mend it: the caller has no person, or the connection is the shared one. */
  readonly person: PersonId | undefined
}

export type Use = Carry | Needed

/** `replaced`: by its owner, perhaps with another account. `renewed`: the same account goes on. */
export type ConnectionChange = 'added' | 'replaced' | 'renewed' | 'failed' | 'ended'

export interface NewConnection {
  readonly server: string
  /** Null for the shared one. */
  readonly person: PersonId | null
  readonly kind: Connection['kind']
  readonly issuer: string | null
  readonly account: string | null
  readonly secret: ConnectionSecret
  readonly expiresAt: number | null
  readonly renews: boolean
}

/** What became of an attempt to renew; one that may succeed later throws instead. */
export type Renewal =
  | {
      readonly kind: 'renewed'
      readonly secret: ConnectionSecret
      readonly expiresAt: number | null
      readonly renews: boolean
    }
  | { readonly kind: 'refused'; readonly reason: string }

/** Renews a connection that `renews`; at most one runs for each. */
export type RenewConnection = (connection: Connection, secret: ConnectionSecret) => Promise<Renewal>

/** Connections, and what of them goes on a call. The only place that opens their secrets. */
export interface Vault {
  /** Whether anything is kept for the server: most have nothing, and nobody need be looked for. */
  knows(server: string): boolean
  /**
   * What a call for this person carries; undefined when nothing. A promise only while the connection is being renewed.
   */
  use(server: string, person: PersonId | undefined): Use | undefined | Promise<Use | undefined>
  /** What the hub carries in its own name, to read definitions; undefined when nothing. */
  shared(server: string): Carry | undefined
  find(id: ConnectionId): Connection | undefined
  /** In the order in which they were made. */
  list(): readonly Connection[]
  of(server: string, owner: PersonId | null): Connection | undefined
  rule(server: string): OwnerRule
  /** For whoever keeps that kind of connection; undefined when it has ended. */
  open(id: ConnectionId): ConnectionSecret | undefined
  /** Keeps it in the place of what its owner had at that server. Throws `conflict` when the server is gone. */
  save(connection: NewConnection, by: Actor): Promise<Connection>
  /** Renews it now, whenever it expires. Throws when it cannot be renewed. */
  renew(id: ConnectionId): Promise<Connection>
  /** The server or the issuer has refused this version of it: only its owner can mend it. */
  fail(connection: Pick<Connection, 'id' | 'version'>, reason: string): Promise<void>
  remove(id: ConnectionId, by: Actor): Promise<void>
  setRule(server: string, rule: OwnerRule, by: Actor): Promise<void>
  /** Told once it is on disk. */
  onChange(listener: (connection: Connection, what: ConnectionChange) => void): () => void
  /** How many connections a server has. */
  countAt(server: string): number
  /** The database has ended what a person had, if it has ended the person. */
  personEnded(person: PersonId): void
  /** The database has ended a server's connections with it. */
  serverEnded(server: string): void
}
