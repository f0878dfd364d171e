import { createHmac } from 'node:crypto'
import type { Principal } from '@parley/contract'
import { signCard, type StreamResponse } from '../a2a/index.ts'
import type { AgentEntry, Directory } from '../directory/index.ts'
import { readBody, refuseRequest, type ClientStreams } from '../http/index.ts'
import { authenticateCallers, CardDesk, createHub, type A2aHub } from '../hub/index.ts'
import { openStateKey, type Identity } from '../identity/index.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import { stackOf, type House } from './house.ts'
import { isGrantOver, type Enforcement } from './open-enforcement.ts'
import { isNamed, watchExpiry } from './cut-off.ts'
import type { IdentityRooms } from './open-identity.ts'

export interface HubRooms
  extends Enforcement, Pick<IdentityRooms, 'access' | 'grants' | 'revocations' | 'clients' | 'people'> {
  readonly identity: Identity
  readonly directory: Directory
  readonly tasks: Tasks
  readonly webhooks: Webhooks
  readonly clientStreams: ClientStreams
  /** `host:port`, once and where gRPC listens. */
  readonly grpcAddress: () => string | undefined
  readonly writes: WriteBatch
}

/** The hub of agents; whatever is cut off ends in it at once. */
export async function openHub(house: House, rooms: HubRooms): Promise<A2aHub> {
  const { store, activity, config, log, metrics, random, origin } = house
  const { gatekeeper, directory, webhooks } = rooms
  const { keys } = rooms.identity
  const { limits } = config
  const stateKey = await openStateKey(store, random)
  const hub = createHub(
    {
      ...house,
      ...rooms,
      authenticate: authenticateCallers(rooms.authenticate, origin),
      challenges: (resource) => gatekeeper.challenges(resource),
      credentialFor: (agent, principal) => credentialFor(rooms, agent, principal),
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
  const unfollow = directory.onChange((name) => void hub.resume(name))
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

const NO_CREDENTIAL: Readonly<Record<string, string>> = Object.freeze({})

/**
 * An agent with an identity of this hub's trusts its issuer: it gets a token of its caller's for this hop, which it alone
 * can go on with. Its audience is the first address that the agent's card names, whatever way is taken.
 */
function credentialFor(
  { hopTokens }: Pick<HubRooms, 'hopTokens'>,
  { workload, card }: AgentEntry,
  principal: Principal,
): Readonly<Record<string, string>> {
  const audience = card.supportedInterfaces[0]?.url.replace(/\/+$/, '')
  if (workload === undefined || audience === undefined) return NO_CREDENTIAL
  return { authorization: `Bearer ${hopTokens.mintForAgent(principal, audience, workload)}` }
}

function cutWhatEnds(house: House, rooms: HubRooms, hub: A2aHub): () => void {
  const { gatekeeper, revocations, key } = rooms
  revocations.onRevoked((revocation) => {
    const isMeant = isNamed(revocation, rooms)
    hub.cut((principal) => gatekeeper.isHit(principal, revocation))
    hub.cutTasks(isMeant)
  })
  key.onRetired((id) => {
    hub.cut(({ subject }) => subject === id)
    hub.cutTasks(({ subject }) => subject === id)
  })
  const isOver = ({ grant }: Principal) => grant !== undefined && isGrantOver(house, rooms, grant)
  return watchExpiry(house, () => {
    hub.cut(isOver)
    hub.cutOpenTasks(isOver)
  })
}
