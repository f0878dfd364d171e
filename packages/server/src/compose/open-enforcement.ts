import type { AppId, GrantId } from '@parley/contract'
import { createRateLimiter, type TakeToken } from '../access/index.ts'
import type { RawHandler } from '../http/index.ts'
import {
  createConsentPages,
  createConsentRequests,
  createGatekeeper,
  createHopTokens,
  createMetadataHandler,
  createTokenVerifiers,
  openBootstrapKey,
  type Authenticate,
  type Authenticated,
  type BootstrapKey,
  type ConsentRequests,
  type Gatekeeper,
  type HopTokens,
} from '../identity/index.ts'
import { stackOf, type House } from './house.ts'
import type { IdentityRooms } from './open-identity.ts'

/** What stands between a credential and what it opens. */
export interface Enforcement {
  readonly key: BootstrapKey
  readonly gatekeeper: Gatekeeper
  /** The gatekeeper's, each refusal counted. */
  readonly authenticate: Authenticate
  readonly takeToken: TakeToken
  readonly consents: ConsentRequests
  readonly hopTokens: HopTokens
  /** By first path segment. */
  readonly handlers: Readonly<Record<string, RawHandler>>
  /** Below `/.well-known`, by their own first segment. */
  readonly wellKnown: Readonly<Record<string, RawHandler>>
}

export async function openEnforcement(house: House, rooms: IdentityRooms): Promise<Enforcement> {
  const { config, log, origin, store } = house
  const { clients, identity, people, revocations } = rooms
  const findApp = (clientId: string): AppId | undefined => clients.findApp(clientId)?.id
  const key = await openBootstrapKey(store, {
    ...house,
    dataDir: config.dataDir,
    hasAdministrator: () =>
      people.management.list().some(({ roles, state }) => state === 'active' && roles.includes('admin')),
  })
  const gatekeeper = createGatekeeper({
    keys: () => key.standing(),
    origin,
    verifier: createTokenVerifiers({ ...house, keys: identity.keys, issuer: origin, revocations }),
    findApp,
    isGrantOver: (id) => isGrantOver(house, rooms, id),
  })
  const consents = createConsentRequests({ ...house, ...rooms })
  const onError = (error: unknown) => log('a page failed', { error: stackOf(error) })
  return {
    key,
    gatekeeper,
    ...countRefusals(house, gatekeeper),
    consents,
    hopTokens: createHopTokens({
      ...house,
      issuer: origin,
      sign: (claims) => identity.mintToken(claims),
      clientIdOf: (app) => clients.app(app)?.clientId,
      scopesOf: (audience) => identity.outsideResources.scopesOf(audience),
    }),
    handlers: { consent: createConsentPages({ ...house, ...rooms, consents, onError }) },
    wellKnown: { 'oauth-protected-resource': createMetadataHandler(origin) },
  }
}

export function isGrantOver(
  { clock }: House,
  { grants }: Pick<IdentityRooms, 'grants'>,
  id: GrantId,
): boolean {
  const grant = grants.find(id)
  if (grant?.state !== 'active') return true
  const { expiresAt } = grant.terms
  return expiresAt !== null && expiresAt <= clock.now()
}

/** Who calls, and how often they may, each counted where it refuses. */
function countRefusals(
  { config, clock, metrics }: House,
  gatekeeper: Gatekeeper,
): Pick<Enforcement, 'authenticate' | 'takeToken'> {
  const { requestsPerSecond } = config.limits
  const take = createRateLimiter({
    perSecond: requestsPerSecond,
    burst: requestsPerSecond * 2,
    monotonicMicros: () => clock.monotonicMicros(),
  })
  const counted = (who: Authenticated) => {
    if (who.kind === 'refused') metrics.countUnauthenticated()
    return who
  }
  return {
    authenticate(header, path) {
      const who = gatekeeper.authenticate(header, path)
      return who instanceof Promise ? who.then(counted) : counted(who)
    },
    takeToken(subject) {
      const waitSeconds = take(subject)
      if (waitSeconds > 0) metrics.countRateLimited()
      return waitSeconds
    },
  }
}
