import {
  ClientStreams,
  RequestStates,
  SearchCatalog,
  SessionSeals,
  createGateway,
  type Gateway,
} from '../gateway/index.ts'
import type { Bundles } from '../bundles/index.ts'
import { StreamCaps, readBody, refuseRequest, type EventStreams } from '../http/index.ts'
import { openStateKey } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Vault } from '../vault/index.ts'
import type { House } from './house.ts'
import { isGrantOver, type Enforcement } from './open-enforcement.ts'
import type { IdentityRooms } from './open-identity.ts'

const EXPIRY_CHECK_MS = 500

export interface GatewayRooms extends Enforcement, Pick<IdentityRooms, 'access' | 'grants' | 'revocations'> {
  readonly registry: ManagedRegistry
  readonly vault: Vault
  readonly bundles: Bundles
  readonly streams: EventStreams
  readonly writes: WriteBatch
}

/** The gateway; whatever is cut off ends in it at once. */
export async function openGateway(house: House, rooms: GatewayRooms): Promise<Gateway> {
  const { store, activity, config, log, metrics, random, clock } = house
  const { gatekeeper, streams } = rooms
  const { limits } = config
  const stateKey = await openStateKey(store, random)
  const gateway = createGateway(
    {
      ...house,
      ...rooms,
      toolSearch: config.toolSearch,
      search: new SearchCatalog(rooms.registry),
      challenges: (resource) => gatekeeper.challenges(resource),
      recordCall(call) {
        metrics.countCall(call)
        return activity.recordCall(call)
      },
      onError: (error) => log('a request failed', { error: String(error) }),
      states: new RequestStates(stateKey, clock, random),
      sessionSeals: new SessionSeals(stateKey, clock, random),
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
  const stopWatching = watchExpiry(house, () =>
    gateway.cut(({ grant }) => grant !== undefined && isGrantOver(house, rooms, grant)),
  )
  return {
    ...gateway,
    close() {
      stopWatching()
      return gateway.close()
    },
  }
}

/** A grant that runs out tells nobody: what still runs under it is looked for. */
function watchExpiry({ clock }: House, look: () => void): () => void {
  const again = () => {
    look()
    timer = clock.setTimeout(again, EXPIRY_CHECK_MS)
  }
  let timer = clock.setTimeout(again, EXPIRY_CHECK_MS)
  return () => timer.cancel()
}
