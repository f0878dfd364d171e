import type { AppId } from '@parley/contract'
import { createClients, type Clients } from '../clients/index.ts'
import type { Egress } from '../egress/index.ts'
import type { EventStreams, RawHandler } from '../http/index.ts'
import {
  METADATA_PATH,
  createConsentPages,
  createConsentRequests,
  createGatekeeper,
  createHopTokens,
  createIdentity,
  createMetadataHandler,
  createTokenVerifiers,
  openBootstrapKey,
  type BootstrapKey,
  type ConsentRequests,
  type Gatekeeper,
  type HopTokens,
  type Identity,
} from '../identity/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import { createFeed } from '../revocations/index.ts'
import { createDescribeCapabilities } from './describe-capabilities.ts'
import { stackOf, type House } from './house.ts'
import type { Rights } from './open-rights.ts'

/** Who calls, and how they come to a token. */
export interface IdentityRooms {
  readonly key: BootstrapKey
  readonly clients: Clients
  readonly identity: Identity
  readonly gatekeeper: Gatekeeper
  readonly consents: ConsentRequests
  readonly hopTokens: HopTokens
  /** By first path segment. */
  readonly handlers: Readonly<Record<string, RawHandler>>
  /** From now on tokens are issued in the name of the origin. */
  start(): void
}

export async function openIdentity(
  house: House,
  rooms: Rights & {
    readonly egress: Egress
    readonly registry: ManagedRegistry
    readonly streams: EventStreams
  },
): Promise<IdentityRooms> {
  const { config, log, origin } = house
  const { grants, people, registry, revocations } = rooms
  const onError = (error: unknown) => log('a page failed', { error: stackOf(error) })
  const clients = await createClients({
    ...house,
    ...rooms,
    identity: config.identity,
    declared: config.apps,
    limits: config.limits,
    trustedProxy: config.listen.trustedProxy,
  })
  const identity = await createIdentity({
    ...house,
    ...rooms,
    clients,
    async findClient(clientId) {
      const found = await clients.resolve(clientId)
      return found.kind === 'client' ? found.client : undefined
    },
    describeCapabilities: createDescribeCapabilities(rooms),
    hasGateway: true,
    hasServer: (name) => registry.entry(name) !== undefined,
    declaredResources: [],
    onError,
  })
  const findApp = (clientId: string): AppId | undefined => clients.findApp(clientId)?.id
  const key = await openBootstrapKey(house.store, {
    ...house,
    dataDir: config.dataDir,
    hasAdministrator: () => people.management.list().some(isActiveAdministrator),
  })
  const gatekeeper = createGatekeeper({
    keys: () => key.standing(),
    origin,
    verifier: createTokenVerifiers({ ...house, keys: identity.keys, issuer: origin, revocations, findApp }),
    findApp,
  })
  const consents = createConsentRequests({ ...house, grants })
  const metadata = createMetadataHandler(origin)
  const wellKnown = identity.handlers['.well-known']
  return {
    key,
    clients,
    identity,
    gatekeeper,
    consents,
    hopTokens: createHopTokens({ ...house, issuer: origin, sign: (claims) => identity.mintToken(claims) }),
    handlers: {
      ...identity.handlers,
      '.well-known': (req, res, path) =>
        path.startsWith(METADATA_PATH) ? metadata(req, res, path) : wellKnown(req, res, path),
      consent: createConsentPages({ ...rooms, consents, clients, onError }),
    },
    start: () =>
      identity.start({
        issuer: origin(),
        more: { '/oauth/register': clients.register, '/oauth/revocations': createFeed(rooms) },
        discovery: { parley_revocation_feed: `${origin()}/oauth/revocations` },
      }),
  }
}

function isActiveAdministrator({ roles, state }: { roles: readonly string[]; state: string }): boolean {
  return state === 'active' && roles.includes('admin')
}
