import type { PersonId, Principal } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { ClientDirectory } from '../clients/index.ts'
import type { Egress } from '../egress/index.ts'
import { sendJson, type RawHandler } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import { clientDocument, createOAuthHttp, type BearerChallenge } from '../oauth-client/index.ts'
import type { PageKit } from '../pages/index.ts'
import type { People } from '../people/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'
import { createAccountConnections } from './account-connections.ts'
import { createConnectPages } from './connect-pages.ts'
import { ConnectRequestStore, type ConnectRequest } from './connect-request-store.ts'
import { ConnectRequests } from './connect-requests.ts'
import { ConnectionStore } from './connection-store.ts'
import type { Connection, Owner, ServerRef } from './connection.ts'
import { Connections, type Access } from './connections.ts'
import { OAuthClientStore } from './oauth-client-store.ts'
import { Refusals, type Refusal, type Verdict } from './refusals.ts'

export interface ConnectOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly sealer: Sealer
  readonly egress: Egress
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly apps: Pick<ClientDirectory, 'app'>
  readonly origin: () => string
  /** Servers over HTTP, in name order. */
  readonly servers: () => readonly ServerRef[]
  /** What a server said when the hub itself could not read it. */
  readonly challengeOf: (server: string) => BearerChallenge | undefined
  readonly mayUse: (person: PersonId, server: string) => boolean
  readonly mayShare: (person: PersonId) => boolean
  readonly settings: {
    readonly authorizationServerHosts: readonly string[]
    readonly clientMetadataUrl: string | undefined
  }
  /** A server can be read as it could not before. */
  readonly onShared: (server: ServerRef) => void
  readonly onError: (error: unknown) => void
}

/** The hub as OAuth client of servers, in people's names and in everybody's. */
export interface Connect {
  access(server: ServerRef, person: PersonId | undefined): Access | Promise<Access>
  /** The server refused what a call took along; `again`: it may now be sent once more. */
  refused(refusal: Refusal): Promise<Verdict>
  /** Asks the person behind the call to connect; undefined when nobody stands behind it. */
  ask(principal: Principal, server: ServerRef): Promise<ConnectRequest | undefined>
  urlOf(request: Pick<ConnectRequest, 'id'>): string
  stateOf(id: string): ConnectRequest['state'] | 'ended'
  onAnswer(listener: (request: ConnectRequest) => void): () => void
  list(owner: Owner): readonly Connection[]
  readonly clients: OAuthClientStore
  /** Below `/connect` and `/account/connections`. */
  readonly handlers: { readonly connect: RawHandler; readonly accountConnections: RawHandler }
}

export function createConnect(options: ConnectOptions): Connect {
  const { store, sealer, clock, egress, settings, origin, people } = options
  const rows = new ConnectionStore(store, sealer)
  const clients = new OAuthClientStore(store, sealer)
  const httpFor = ({ url }: ServerRef) =>
    createOAuthHttp({ egress, serverUrl: url, hosts: settings.authorizationServerHosts })
  const redirectUri = () => `${origin()}/connect/callback`
  const documentUrl = () => settings.clientMetadataUrl ?? ownDocument(origin())
  const connections = new Connections({ ...options, rows, clients, httpFor })
  const ways = new ConnectRequests({
    ...options,
    requests: new ConnectRequestStore(store, sealer),
    rows,
    clients,
    httpFor,
    redirectUri,
    documentUrl,
    findServer: (id) => options.servers().find((server) => server.id === id),
    onConnected(server, owner) {
      connections.forget(server.id, owner)
      if (owner === 'shared') options.onShared(server)
    },
  })
  const refusals = new Refusals({ connections, clock })
  const challengeFor = ({ id }: Pick<ServerRef, 'id'>) => refusals.challengeOf(id) ?? options.challengeOf(id)
  const pages = createConnectPages({ ...options, ways, redirectUri })
  return {
    access: (server, person) => connections.access(server, person),
    refused: (refusal) => refusals.judge(refusal),
    async ask({ person, app }, server) {
      if (person === undefined) return undefined
      return ways.open({ person, owner: person, app, server, challenge: challengeFor(server) })
    },
    urlOf: ({ id }) => `${origin()}/connect/${id}`,
    stateOf: (id) => ways.stateOf(id),
    onAnswer: (listener) => ways.onAnswer(listener),
    list: (owner) => rows.ofOwner(owner),
    clients,
    handlers: {
      connect: serveDocument(pages, { origin, redirectUri }),
      accountConnections: createAccountConnections({
        ...options,
        people,
        begin: (wish) => ways.open({ ...wish, app: undefined, challenge: challengeFor(wish.server) }),
        serversFor: (person) =>
          options.servers().filter(({ name }) => options.mayShare(person) || options.mayUse(person, name)),
        wantsSignIn: (id) => challengeFor({ id }) !== undefined,
        connectionsOf: (owner) => rows.ofOwner(owner),
        async disconnect(connection, by) {
          const { id, server, owner } = connection
          const note = `${options.servers().find((one) => one.id === server)?.name ?? server}${owner === 'shared' ? ', for everyone' : ''}`
          const happening = { action: 'connection.end', subject: by, person: by, note }
          await store.submit([
            rows.remove(id),
            options.activity.statement(
              recordOf(options, { ...happening, policies: ['builtin:connections'] }),
            ),
          ])
          connections.forget(server, owner)
        },
      }),
    },
  }
}

/** CL13: an https address with a path; without one there is no document. */
function ownDocument(origin: string): string | undefined {
  return origin.startsWith('https:') ? `${origin}/connect/client.json` : undefined
}

function serveDocument(
  pages: RawHandler,
  { origin, redirectUri }: { origin: () => string; redirectUri: () => string },
): RawHandler {
  return function serveConnect(request, response, path) {
    if (path !== '/connect/client.json') return pages(request, response, path)
    const document = clientDocument(`${origin()}/connect/client.json`, redirectUri())
    sendJson(response, 200, JSON.stringify(document))
  }
}
