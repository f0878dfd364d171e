import type { PersonId, Principal } from '@parley/contract'
import type { Connect } from '../connect/index.ts'
import { recordOf } from '../activity/index.ts'
import {
  RequestStates,
  SearchCatalog,
  SessionSeals,
  contentNote,
  createGateway,
  type AgentDesk,
  type ContentReport,
  type Gateway,
} from '../gateway/index.ts'
import type { Bundles } from '../bundles/index.ts'
import { readBody, refuseRequest, type ClientStreams } from '../http/index.ts'
import { openStateKey } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Vault } from '../vault/index.ts'
import type { House } from './house.ts'
import { isNamed, watchExpiry } from './cut-off.ts'
import { openConnect, type ConnectRooms } from './open-connect.ts'
import { isGrantOver, type Enforcement } from './open-enforcement.ts'
import type { IdentityRooms } from './open-identity.ts'

export interface GatewayRooms
  extends Enforcement, Pick<IdentityRooms, 'access' | 'grants' | 'revocations' | 'clients'>, ConnectRooms {
  readonly registry: ManagedRegistry
  readonly tasks: Tasks
  readonly vault: Vault
  readonly bundles: Bundles
  readonly clientStreams: ClientStreams
  readonly agents: AgentDesk
  readonly writes: WriteBatch
}

/** The gateway with the connections that its calls take; whatever is cut off ends in it at once. */
export async function openGateway(
  house: House,
  rooms: GatewayRooms,
): Promise<Gateway & { readonly connect: Connect }> {
  const { store, activity, config, log, metrics, random, clock } = house
  const { gatekeeper } = rooms
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
