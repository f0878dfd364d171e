import type { GrantId, PersonId } from '@parley/contract'
import { serversOf, type Bundles } from '../bundles/index.ts'
import { createAccess, isEntitled, type Access } from '../access/index.ts'
import type { Activity } from '../activity/index.ts'
import { createClients, type Clients } from '../clients/index.ts'
import type { AppConfig, Config } from '../config/index.ts'
import type { ManagedDirectory } from '../directory/index.ts'
import type { Egress } from '../egress/index.ts'
import { createGrants, type Grants } from '../grants/index.ts'
import type { EventStreams, RawHandler } from '../http/index.ts'
import { createIdentity, listActing, type Identity } from '../identity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import { createPageKit, serveAssets, type PageKit } from '../pages/index.ts'
import { createPeople, type People } from '../people/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import { createFeed, createRevocations, type RevocationLog, type Revocations } from '../revocations/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'
import type { Vault } from '../vault/index.ts'
import { createDescribeCapabilities } from './describe-capabilities.ts'
import { createFindConnectionToken } from './find-connection-token.ts'

/** The directory as those see it who are there before it. */
export type KnownAgents = Pick<ManagedDirectory, 'entry' | 'entries' | 'agents'>

export interface IdentityParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly config: Config
  readonly egress: Egress
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
  /** The public origin; asked once the hub listens. */
  readonly origin: () => string
  /** Undefined where the authorization server runs alone. */
  readonly registry: Pick<ManagedRegistry, 'entries' | 'entry' | 'servers'> | undefined
  readonly bundles: Bundles
  /** The agents that can be asked; they are there once the hub has started. */
  readonly agents: KnownAgents
  readonly vault: Pick<Vault, 'use'>
}

/** Who calls and what they may: the rooms that a hub has with or without a gateway. */
export interface IdentityRooms extends AsyncDisposable {
  readonly access: Access
  readonly grants: Grants
  readonly revocations: Revocations & RevocationLog
  readonly people: People
  readonly clients: Clients
  readonly identity: Identity
  readonly pages: PageKit
  /** By first path segment. */
  readonly handlers: Readonly<Record<string, RawHandler>>
  /** Handlers below `/.well-known`, by their own first segment. */
  readonly wellKnown: Readonly<Record<string, RawHandler>>
  /** To be called once the hub listens. */
  start(streams: EventStreams): void
}

const DAY_MS = 86_400_000

/** The command line is an app like any other, and there from the start. */
const COMMAND_LINE: AppConfig = Object.freeze({
  clientId: 'parley-cli',
  name: 'Parley command line',
  redirectUris: Object.freeze(['http://127.0.0.1/callback']),
})

export async function openIdentity(house: IdentityParts): Promise<IdentityRooms> {
  const { config, origin, random, sealer } = house
  await using stack = new AsyncDisposableStack()
  const revocations = stack.use(createRevocations(house))
  const grants = openGrants(house, revocations)
  const pages = createPageKit({ origin, key: sealer.derive('forms'), random })
  const people = createPeople({
    ...house,
    sealer,
    pages,
    revocations,
    countActing: (person) => listActing({ grants }, person).length,
    hasConnections: house.registry !== undefined,
    trustedProxy: config.listen.trustedProxy,
    limits: config.limits,
    onError: (error) => house.log('a page failed', { error: stackOf(error) }),
  })
  const clients = stack.use(await openClients(house, { grants, revocations }))
  const rooms = { grants, revocations, people, clients, pages }
  const identity = await openAuthorizationServer(house, rooms)
  const owned = stack.move()
  return {
    ...rooms,
    identity,
    access: createAccess({ grants, people: factsOf(people) }),
    handlers: {
      ...people.handlers,
      oauth: identity.handlers.oauth,
      interaction: identity.handlers.interaction,
      assets: serveAssets(),
    },
    wellKnown: {
      'oauth-authorization-server': identity.handlers['.well-known'],
      'openid-configuration': identity.handlers['.well-known'],
    },
    start(streams) {
      const { trustedProxy } = config.listen
      startIdentity({ identity, clients, revocations }, { issuer: origin(), streams, trustedProxy })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The account is several rooms': who it is, what acts for them, and what they are connected to. */
export function routeAccount(
  { people, identity }: Pick<IdentityRooms, 'people' | 'identity'>,
  connections: RawHandler | undefined,
): RawHandler {
  return (request, response, path) => {
    const part = path.split('/', 3)[2]
    const handler =
      part === 'apps'
        ? identity.accountApps
        : part === 'connections' && connections
          ? connections
          : people.handlers['account']!
    handler(request, response, path)
  }
}

function openClients(
  house: IdentityParts,
  { grants, revocations }: { grants: Grants; revocations: Revocations },
): Promise<Clients> {
  const { identity, apps, limits, listen } = house.config
  return createClients({
    ...house,
    grants,
    revocations,
    identity,
    limits,
    declared: [COMMAND_LINE, ...apps],
    otherNames: () => ({
      servers: (house.registry?.servers() ?? []).map(({ name }) => name),
      agents: house.agents.agents().map(({ name }) => name),
    }),
    trustedProxy: listen.trustedProxy,
  })
}

function openAuthorizationServer(
  house: IdentityParts,
  rooms: Pick<IdentityRooms, 'grants' | 'revocations' | 'people' | 'clients' | 'pages'>,
): Promise<Identity> {
  const { registry, bundles, config, log } = house
  const { grants, people } = rooms
  return createIdentity({
    ...house,
    ...rooms,
    hasGateway: registry !== undefined,
    hasServer: (name) => registry?.entry(name) !== undefined,
    hasAgent: (name) => house.agents.entry(name) !== undefined,
    findConnectionToken: createFindConnectionToken({ grants, people: factsOf(people) }, house),
    findBundle(name) {
      const bundle = bundles.find(name)
      if (!registry || !bundle) return undefined
      const servers = serversOf(bundle, registry).map((entry) => entry.name)
      return { title: bundle.terms.title ?? name, servers, includes: bundle.includes }
    },
    describeCapabilities: registry
      ? createDescribeCapabilities({ registry, bundles, agents: house.agents }, (person, capability) =>
          isEntitled({ grants, people: factsOf(people) }, person, capability),
        )
      : () => [],
    declaredResources: config.resources,
    limits: config.limits,
    trustedProxy: config.listen.trustedProxy,
    onError: (error) => log('the authorization server failed', { error: stackOf(error) }),
  })
}

/** What the other rooms add to the authorization server. */
function startIdentity(
  rooms: { identity: Identity; clients: Clients; revocations: Revocations & RevocationLog },
  how: { readonly issuer: string; readonly streams: EventStreams; readonly trustedProxy: boolean },
): void {
  const { issuer } = how
  rooms.identity.start({
    issuer,
    more: {
      '/oauth/register': rooms.clients.register,
      '/oauth/revocations': createFeed({ ...how, revocations: rooms.revocations }),
    },
    discovery: {
      ...(rooms.clients.isOpen && { registration_endpoint: `${issuer}/oauth/register` }),
      client_id_metadata_document_supported: true,
      parley_revocation_feed: `${issuer}/oauth/revocations`,
    },
  })
}

/** A grant that ends is told to everyone who may still hold its tokens. */
function openGrants(house: IdentityParts, revocations: Revocations): Grants {
  const ended = (id: GrantId) => ({
    kind: 'grant' as const,
    id,
    at: Math.floor(house.clock.now() / 1000),
  })
  return createGrants({
    ...house,
    keepEndedMs: house.config.limits.endedGrantDays * DAY_MS,
    revocation: {
      statement: (id) => revocations.statement(ended(id)),
      announce: (ids) => revocations.announce(ids.map(ended)),
    },
  })
}

function factsOf(people: People) {
  return {
    rolesOf: (person: PersonId) => people.find(person)?.roles ?? [],
    groupsOf: (person: PersonId) => people.find(person)?.groups ?? [],
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'unknown'
}
