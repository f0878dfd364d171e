import type { ConnectionId, PersonId } from '@parley/contract'
import type { Connection, OwnerRule } from './connection.ts'
import type { ConnectionStore } from './connection-store.ts'

/** The connections of one server, as a call asks for them. */
export interface ServerConnections {
  rule: OwnerRule
  shared: Connection | undefined
  readonly own: Map<PersonId, Connection>
}

/** All connections in memory, without their secrets. A server that nobody has connected is not here. */
export class ConnectionBook {
  readonly #servers = new Map<string, ServerConnections>()
  readonly #byId = new Map<ConnectionId, Connection>()

  constructor(rows: Pick<ConnectionStore, 'all' | 'rules'>) {
    for (const [server, rule] of rows.rules()) this.setRule(server, rule)
    for (const connection of rows.all()) this.keep(connection)
  }

  at(server: string): ServerConnections | undefined {
    return this.#servers.get(server)
  }

  find(id: ConnectionId): Connection | undefined {
    return this.#byId.get(id)
  }

  /** In the order in which they were made. */
  list(): Connection[] {
    return [...this.#byId.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1))
  }

  keep(connection: Connection): void {
    this.#byId.set(connection.id, connection)
    const server = this.#open(connection.server)
    if (connection.person === null) server.shared = connection
    else server.own.set(connection.person, connection)
  }

  drop({ id, server, person }: Connection): void {
    this.#byId.delete(id)
    const known = this.#servers.get(server)
    if (!known) return
    if (person !== null) known.own.delete(person)
    else known.shared = undefined
    if (known.rule === 'either' && !known.shared && known.own.size === 0) this.#servers.delete(server)
  }

  setRule(server: string, rule: OwnerRule): void {
    this.#open(server).rule = rule
  }

  /** Answers the connections that ended with the server. */
  dropServer(server: string): Connection[] {
    const ended = this.of(server)
    this.#servers.delete(server)
    for (const { id } of ended) this.#byId.delete(id)
    return ended
  }

  of(server: string): Connection[] {
    const known = this.#servers.get(server)
    return known ? [...(known.shared ? [known.shared] : []), ...known.own.values()] : []
  }

  #open(server: string): ServerConnections {
    const known = this.#servers.get(server) ?? { rule: 'either', shared: undefined, own: new Map() }
    this.#servers.set(server, known)
    return known
  }
}
