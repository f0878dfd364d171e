import { ParleyError, type PersonId, type Principal } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { ClientDirectory } from '../clients/index.ts'
import type { Egress } from '../egress/index.ts'
import { sendJson, type RawHandler } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import {
  clientDocument,
  createOAuthHttp,
  readBearerChallenge,
  type ClientRegistration,
} from '../oauth-client/index.ts'
import type { PageKit } from '../pages/index.ts'
import type { People } from '../people/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'
import type { RenewConnection, Vault } from '../vault/index.ts'
import { createAccountConnections } from './account-connections.ts'
import { createConnectPages } from './connect-pages.ts'
import { ConnectRequestStore, type ConnectRequest } from './connect-request-store.ts'
import { ConnectRequests } from './connect-requests.ts'
import type { ServerRef } from './connection-grant.ts'
import { giveClient, takeClient, type GivenClient } from './give-client.ts'
import { OAuthClientStore } from './oauth-client-store.ts'
import { Refusals, type Refusal, type Verdict } from './refusals.ts'
import { renewConnection } from './renew-connection.ts'

export interface ConnectOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly sealer: Sealer
  readonly egress: Egress
  readonly vault: Vault
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly apps: Pick<ClientDirectory, 'app'>
  readonly origin: () => string
  /** Servers over HTTP, in name order. */
  readonly servers: () => readonly ServerRef[]
  /** WWW-Authenticate of a server that the hub itself could not read. */
  readonly challengeOf: (server: string) => string | undefined
  readonly mayUse: (person: PersonId, server: string) => boolean
  readonly mayShare: (person: PersonId) => boolean
  readonly settings: {
    readonly authorizationServerHosts: readonly string[]
    readonly clientMetadataUrl: string | undefined
  }
  /** A server can be read that could not be before. */
  readonly onShared: (server: ServerRef) => void
  readonly onError: (error: unknown) => void
}

/** The person in whose name a call comes, and the app through which. */
export interface Caller {
  readonly person: PersonId | undefined
  readonly app: Principal['app'] | undefined
}

/** A server that refuses new tokens again and again is read no more often for it. */
const REREAD_MS = 60_000

/** A server that refuses, as the gateway hears it; `challenge` is WWW-Authenticate as it came. */
export type RefusedCall = Omit<Refusal, 'challenge'> & { readonly challenge: string }

/** The hub as OAuth client of servers, in people's names and in everybody's. */
export interface Connect {
  refused(refusal: RefusedCall): Promise<Verdict>
  /** The same for the hub's own requests, with what it carries in its own name. */
  readRefused(server: string, refusal: Pick<RefusedCall, 'status' | 'challenge'>): Promise<void>
  /** Asks the person behind the call to connect; undefined when nobody stands behind it. */
  ask(caller: Caller, server: string): Promise<ConnectRequest | undefined>
  urlOf(request: Pick<ConnectRequest, 'id'>): string
  stateOf(id: string): ConnectRequest['state'] | 'ended'
  /** Resolves when the person has come back, or at the signal. */
  answered(id: string, signal: AbortSignal): Promise<void>
  onAnswer(listener: (request: ConnectRequest) => void): () => void
  /** For the vault. */
  readonly renew: RenewConnection
  /** What an administrator registered by hand; throws `not_found` for a server that is not reached over HTTP. */
  giveClient(server: string, given: GivenClient, by: string): Promise<ClientRegistration>
  takeClient(server: string, by: string): Promise<void>
  /** Below `/connect` and `/account/connections`. */
  readonly handlers: { readonly connect: RawHandler; readonly accountConnections: RawHandler }
}

export function createConnect(options: ConnectOptions): Connect {
  const { store, sealer, egress, settings, origin, vault } = options
  const clients = new OAuthClientStore(store, sealer)
  const httpFor = ({ url }: ServerRef) =>
    createOAuthHttp({ egress, serverUrl: url, hosts: settings.authorizationServerHosts })
  const redirectUri = () => `${origin()}/connect/callback`
  const findServer = (id: string) => options.servers().find((server) => server.id === id)
  const refusals = new Refusals(vault)
  const challengeFor = (server: string) =>
    refusals.challengeOf(server) ?? readBearerChallenge(options.challengeOf(server))
  const ways = new ConnectRequests({
    ...options,
    requests: new ConnectRequestStore(store, sealer),
    clients,
    httpFor,
    findServer,
    redirectUri,
    documentUrl: () => settings.clientMetadataUrl ?? ownDocument(origin()),
    onConnected: (server, owner) => void (owner === null && options.onShared(server)),
  })
  const rereadAt = new Map<string, number>()
  const hand = { ...options, clients, httpFor, redirectUri, challengeFor }
  const begin = (wish: { person: PersonId; owner: PersonId | null; server: ServerRef }) =>
    ways.open({ ...wish, app: undefined, challenge: challengeFor(wish.server.id) })
  return {
    refused: ({ challenge, ...refusal }) =>
      refusals.judge({ ...refusal, challenge: readBearerChallenge(challenge) }),
    async readRefused(id, { status, challenge }) {
      const server = findServer(id)
      const last = rereadAt.get(id) ?? -REREAD_MS
      if (!server || options.clock.now() - last < REREAD_MS) return
      const carried = vault.of(id, null)
      const read = {
        server: id,
        person: undefined,
        status,
        challenge: readBearerChallenge(challenge),
        carried,
      }
      if ((await refusals.judge(read)) !== 'again') return
      rereadAt.set(id, options.clock.now())
      options.onShared(server)
    },
    async ask({ person, app }, id) {
      const server = findServer(id)
      if (person === undefined || !server) return undefined
      return ways.open({ person, owner: person, app, server, challenge: challengeFor(id) })
    },
    urlOf: ({ id }) => `${origin()}/connect/${id}`,
    stateOf: (id) => ways.stateOf(id),
    answered: (id, signal) => ways.answered(id, signal),
    onAnswer: (listener) => ways.onAnswer(listener),
    renew: (connection, secret) =>
      renewConnection({ ...options, clients, httpFor, findServer }, connection, secret),
    giveClient: (name, given, by) => giveClient(hand, knownServer(options, name), { given, by }),
    takeClient: (name, by) => takeClient(hand, knownServer(options, name), by),
    handlers: {
      connect: serveDocument(createConnectPages({ ...options, ways, redirectUri }), { origin, redirectUri }),
      accountConnections: createAccountConnections({
        ...options,
        begin,
        serversFor: (person) =>
          options.servers().filter(({ name }) => options.mayShare(person) || options.mayUse(person, name)),
        wantsSignIn: (server) => challengeFor(server) !== undefined,
      }),
    },
  }
}

function knownServer({ servers }: Pick<ConnectOptions, 'servers'>, name: string): ServerRef {
  const server = servers().find((one) => one.name === name)
  if (!server) throw new ParleyError('not_found', `There is no server "${name}" that is reached over HTTP.`)
  return server
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
