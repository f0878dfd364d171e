import {
  ParleyError,
  type ConnectionId,
  type ConnectionView,
  type PersonId,
  type Principal,
} from '@parley/contract'
import type { ServerTestView } from '@parley/contract'
import type { Access } from '../access/index.ts'
import type { Clock } from '../lib/clock.ts'
import { testServer, type ManagedRegistry, type ManagedServer } from '../registry/index.ts'
import { checkCredentialHeaders, stateOf, type Actor, type Connection, type Vault } from '../vault/index.ts'

export interface ConnectionTools {
  readonly vault: Vault
  /** Undefined where the authorization server runs alone. */
  readonly registry: ManagedRegistry | undefined
  readonly access: Pick<Access, 'mayUse'>
  readonly clock: Clock
}

/** What a request says of a new connection. */
export interface GivenHeaders {
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly account?: string | undefined
}

/** What administrators and people do alike with connections. A secret goes in, and never out again. */
export interface ConnectionDesk {
  view(connection: Connection): ConnectionView
  /** Throws `not_found`, also for what is not this person's. */
  find(id: ConnectionId, owner?: PersonId): Connection
  /** `person` is null for the shared one. */
  save(
    place: { readonly server: ManagedServer; readonly person: PersonId | null },
    given: GivenHeaders,
    by: Actor,
  ): Promise<Connection>
  test(connection: Connection): Promise<ServerTestView>
}

export function createConnectionDesk({ vault, registry, clock }: ConnectionTools): ConnectionDesk {
  const serverOf = ({ server }: Connection) => registry?.servers().find(({ id }) => id === server)
  return {
    view(connection) {
      const { id, person, kind, issuer, account, expiresAt, createdAt, usedAt } = connection
      const server = serverOf(connection)?.name ?? connection.server
      const state = stateOf(connection, clock.now())
      return { id, server, person, kind, issuer, account, state, expiresAt, createdAt, usedAt }
    },
    find(id, owner) {
      const connection = vault.find(id)
      if (connection && (owner === undefined || connection.person === owner)) return connection
      throw new ParleyError('not_found', 'There is no such connection.')
    },
    async save({ server, person }, given, by) {
      const headers = checkCredentialHeaders(given.headers)
      refuseWhatIsNotCarried(server, headers)
      const account = given.account ?? null
      const what = { kind: 'headers', issuer: null, account, secret: { headers } } as const
      return vault.save({ server: server.id, person, ...what, expiresAt: null, renews: false }, by)
    },
    async test(connection) {
      const server = serverOf(connection)
      if (!server) throw new ParleyError('not_found', 'The server of this connection is gone.')
      const credential = () => vault.open(connection.id)?.headers ?? {}
      return testServer(server, clock, connection.person === null ? undefined : credential)
    },
  }
}

export function actorOf({ subject, person }: Principal): Actor {
  return person === undefined ? { subject } : { subject, person }
}

function refuseWhatIsNotCarried(server: ManagedServer, headers: Readonly<Record<string, string>>): void {
  const { name, upstream } = server
  if (upstream.transport === 'stdio')
    throw new ParleyError(
      'invalid_params',
      `"${name}" is started as a process: what it needs stands in parley.yaml, under its env.`,
    )
  if (upstream.hopAudience !== undefined && headers['authorization'] !== undefined)
    throw new ParleyError(
      'invalid_params',
      `"${name}" gets tokens of this hub as Authorization (hopTokens); another header can be added.`,
    )
}
