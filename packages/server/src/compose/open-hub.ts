import { createHmac } from 'node:crypto'
import type { PersonId, Principal } from '@parley/contract'
import { signCard, type StreamResponse } from '../a2a/index.ts'
import type { ManagedDirectory } from '../directory/index.ts'
import { readBody, refuseRequest, type ClientStreams } from '../http/index.ts'
import { authenticateCallers, CardDesk, createHub, type A2aHub } from '../hub/index.ts'
import { openStateKey, type Identity } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Vault } from '../vault/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import { createAgentCredentials } from './agent-credentials.ts'
import { stackOf, type House } from './house.ts'
import { isGrantOver, type Enforcement } from './open-enforcement.ts'
import { isNamed, watchExpiry } from './cut-off.ts'
import type { IdentityRooms } from './open-identity.ts'

export interface HubRooms
  extends Enforcement, Pick<IdentityRooms, 'access' | 'grants' | 'revocations' | 'clients' | 'people'> {
  readonly identity: Identity
  readonly directory: ManagedDirectory
  readonly tasks: Tasks
  readonly webhooks: Webhooks
  readonly clientStreams: ClientStreams
  readonly agentVault: Vault
  /** `host:port`, once and where gRPC listens. */
  readonly grpcAddress: () => string | undefined
  readonly writes: WriteBatch
  readonly version: string
}

/** The hub of agents; whatever is cut off ends in it at once. */
export async function openHub(house: House, rooms: HubRooms): Promise<A2aHub> {
  const { store, activity, config, log, metrics, random, origin } = house
  const { gatekeeper, directory, webhooks, hopTokens } = rooms
  const { keys } = rooms.identity
  const { limits } = config
  const stateKey = await openStateKey(store, random)
  const hub = createHub(
    {
      ...house,
      ...rooms,
      authenticate: authenticateCallers(rooms.authenticate, origin),
      challenges: (resource) => gatekeeper.challenges(resource),
      credentialFor: createAgentCredentials(rooms.agentVault, (...asked) => hopTokens.mintForAgent(...asked)),
      credentialToEnd: createAgentCredentials(rooms.agentVault, (...asked) => hopTokens.mintToEnd(...asked)),
      needsOf: (person) => rooms.people.presentation.of(person),
      recordCall(call) {
        metrics.countCall(call)
        return activity.recordCall(call)
      },
      cards: new CardDesk({
        origin,
        grpcAddress: rooms.grpcAddress,
        sign: (card) => signCard(card, { ...keys.current(), jku: `${origin()}/oauth/jwks` }),
        keyId: () => keys.current().kid,
      }),
      idKey: createHmac('sha256', stateKey).update('agents').digest(),
      limits: {
        bodyBytes: limits.bodyBytes,
        sendTimeoutMs: limits.agentSendTimeoutMs,
        agentTimeoutMs: limits.upstreamTimeoutMs,
        taskBytes: limits.agentTaskBytes,
        followedPerAgent: limits.followedPerAgent,
        delegationDepth: limits.delegationDepth,
        delegationTasks: limits.delegationTasks,
      },
      onError: (error) => log('a request to an agent failed', { error: stackOf(error) }),
    },
    (req, res, { limitBytes, refusal }, onBody) =>
      readBody(req, limitBytes, (error, body) =>
        error ? refuseRequest(req, res, error, refusal?.(error) ?? { asJsonRpc: true }) : onBody(body),
      ),
  )
  const stopWatching = cutWhatEnds(house, rooms, hub)
  webhooks.attach({
    readTask: (id) => hub.readTask(id),
    agentTaskOf: (id) => hub.agentTaskOf(id),
    onNotification: (id, event: StreamResponse) => hub.notify(id, event),
  })
  rooms.revocations.onRevoked(({ kind, id }) => {
    if (kind === 'person') rooms.agentVault.personEnded(id as PersonId)
  })
  const unfollow = directory.onChange((name) => {
    void hub.resume(name)
    if (!directory.agents().some((agent) => agent.name === name)) rooms.agentVault.serverEnded(name)
  })
  void hub.resume()
  return {
    ...hub,
    async close() {
      unfollow()
      stopWatching()
      await hub.close()
    },
  }
}

function cutWhatEnds(house: House, rooms: HubRooms, hub: A2aHub): () => void {
  const { gatekeeper, revocations, key } = rooms
  revocations.onRevoked((revocation) => {
    const isMeant = isNamed(revocation, rooms)
    hub.cut((principal) => gatekeeper.isHit(principal, revocation))
    hub.cutTasks(isMeant)
    void rooms.webhooks.cut(isMeant)
  })
  key.onRetired((id) => {
    hub.cut(({ subject }) => subject === id)
    hub.cutTasks(({ subject }) => subject === id)
    void rooms.webhooks.cut(({ subject }) => subject === id)
  })
  const isOver = ({ grant }: Principal) => grant !== undefined && isGrantOver(house, rooms, grant)
  return watchExpiry(house, () => {
    hub.cut(isOver)
    hub.cutOpenTasks(isOver)
  })
}
