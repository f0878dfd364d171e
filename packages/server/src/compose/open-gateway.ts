import { createRateLimiter, type TakeToken } from '../access/index.ts'
import { ClientStreams, RequestStates, createGateway, type Gateway } from '../gateway/index.ts'
import { StreamCaps, readBody, refuseRequest, type EventStreams } from '../http/index.ts'
import { openStateKey, type Authenticate, type Authenticated, type Gatekeeper } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { House } from './house.ts'
import type { IdentityRooms } from './open-identity.ts'
import type { Rights } from './open-rights.ts'

/** Who calls, and how often they may, each counted where it refuses. */
export interface Checks {
  readonly authenticate: Authenticate
  readonly takeToken: TakeToken
}

export function openChecks({ config, clock, metrics }: House, gatekeeper: Gatekeeper): Checks {
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

export interface GatewayRooms {
  readonly registry: ManagedRegistry
  readonly streams: EventStreams
  readonly writes: WriteBatch
  readonly checks: Checks
}

/** The gateway; whatever is cut off ends in it at once. */
export async function openGateway(
  house: House,
  rooms: GatewayRooms & Pick<Rights, 'access' | 'revocations'> & IdentityRooms,
): Promise<Gateway> {
  const { store, activity, config, log, metrics, random, clock } = house
  const { gatekeeper, streams } = rooms
  const { limits } = config
  const gateway = createGateway(
    {
      ...house,
      ...rooms,
      ...rooms.checks,
      challenges: (resource) => gatekeeper.challenges(resource),
      recordCall(call) {
        metrics.countCall(call)
        return activity.recordCall(call)
      },
      onError: (error) => log('a request failed', { error: String(error) }),
      states: new RequestStates(await openStateKey(store, random), clock, random),
      limits: { bodyBytes: limits.bodyBytes, sessionsPerPrincipal: limits.streamsPerPrincipal },
      clientStreams: new ClientStreams(streams, new StreamCaps(limits)),
    },
    (req, res, limitBytes, onBody) =>
      readBody(req, limitBytes, (error, body) =>
        error ? refuseRequest(req, res, error, { asJsonRpc: true }) : onBody(body),
      ),
  )
  rooms.revocations.onRevoked((revocation) =>
    gateway.cut((principal) => gatekeeper.isHit(principal, revocation)),
  )
  rooms.key.onRetired((id) => gateway.cut((principal) => principal.subject === id))
  return gateway
}
