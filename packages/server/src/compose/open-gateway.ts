import type { PersonId, Principal } from '@parley/contract'
import type { Connect } from '../connect/index.ts'
import { recordOf } from '../activity/index.ts'
import {
  RequestStates,
  SearchCatalog,
  SessionSeals,
  contentNote,
  createGateway,
  type ContentReport,
  type Gateway,
} from '../gateway/index.ts'
import type { Bundles } from '../bundles/index.ts'
import { ClientStreams, StreamCaps, readBody, refuseRequest, type EventStreams } from '../http/index.ts'
import { openStateKey } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Vault } from '../vault/index.ts'
import type { House } from './house.ts'
import { openConnect, type ConnectRooms } from './open-connect.ts'
import { isGrantOver, type Enforcement } from './open-enforcement.ts'
import type { IdentityRooms } from './open-identity.ts'
import type { Revocation } from '../revocations/index.ts'

const EXPIRY_CHECK_MS = 500

export interface GatewayRooms
  extends Enforcement, Pick<IdentityRooms, 'access' | 'grants' | 'revocations' | 'clients'>, ConnectRooms {
  readonly registry: ManagedRegistry
  readonly tasks: Tasks
  readonly vault: Vault
  readonly bundles: Bundles
  readonly streams: EventStreams
  readonly writes: WriteBatch
}

/** The gateway with the connections that its calls take; whatever is cut off ends in it at once. */
export async function openGateway(
  house: House,
  rooms: GatewayRooms,
): Promise<Gateway & { readonly connect: Connect }> {
  const { store, activity, config, log, metrics, random, clock } = house
  const { gatekeeper, streams } = rooms
  const { limits } = config
  const stateKey = await openStateKey(store, random)
  const connect = openConnect(house, rooms)
  const gateway = createGateway(
    {
      ...house,
      ...rooms,
      connect,
      toolSearch: config.toolSearch,
      search: new SearchCatalog(rooms.registry),
      challenges: (resource) => gatekeeper.challenges(resource),
      recordCall(call) {
        metrics.countCall(call)
        return activity.recordCall(call)
      },
      onError: (error) => log('a request failed', { error: String(error) }),
      reportContent: (report) => reportContent(house, report),
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
  rooms.revocations.onRevoked((revocation) => {
    gateway.cut((principal) => gatekeeper.isHit(principal, revocation))
    gateway.tasks.cut(isNamed(revocation, rooms))
  })
  rooms.revocations.onRevoked(({ kind, id }) => {
    if (kind === 'person') rooms.vault.personEnded(id as PersonId)
  })
  rooms.key.onRetired((id) => {
    gateway.cut((principal) => principal.subject === id)
    gateway.tasks.cut((principal) => principal.subject === id)
  })
  const isOver = ({ grant }: Principal) => grant !== undefined && isGrantOver(house, rooms, grant)
  const stopWatching = watchExpiry(house, () => {
    gateway.cut(isOver)
    gateway.tasks.cut(isOver)
  })
  void gateway.tasks.resume()
  return {
    ...gateway,
    connect,
    close() {
      stopWatching()
      return gateway.close()
    },
  }
}

/** A task runs under its grant, whatever becomes of the token and the session it was begun with. */
function isNamed({ kind, id }: Revocation, { clients }: GatewayRooms): (principal: Principal) => boolean {
  if (kind === 'session' || kind === 'token') return () => false
  const named = kind === 'app' ? clients.findApp(id)?.id : id
  if (named === undefined) return () => false
  return ({ grant, chain }) => grant === named || chain.some((link) => link.id === named)
}

/** What was found in an answer is counted by its kind, and on record beside the call; its text is in neither. */
function reportContent(house: House, report: ContentReport): void {
  const { principal, capability, definitionHash } = report.call
  for (const { kind, count } of report.findings) house.metrics.countFinding(kind, count)
  if (report.misfit !== undefined) house.metrics.countFinding('output schema', 1)
  const { subject, person, chain, app, grant } = principal
  const kept = house.activity.record(
    recordOf(house, {
      face: 'mcp',
      action: 'content.found',
      subject,
      chain,
      ...(person !== undefined && { person }),
      ...(app !== undefined && { app }),
      ...(grant !== undefined && { grant }),
      ...(capability !== undefined && { capability }),
      ...(definitionHash !== undefined && { definitionHash }),
      policies: ['builtin:content-guard'],
      note: contentNote(report),
    }),
  )
  kept?.catch((error: unknown) => house.log('activity was lost', { error: String(error) }))
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
