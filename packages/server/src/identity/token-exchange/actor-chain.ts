import { isId, type AgentId } from '@parley/contract'
import { errors } from '../provider/library.ts'
import type { OwnTokenClaims } from '../tokens/verify-own-token.ts'

/** The `act` claim: who acts now, and inside it who acted before (RFC 8693 §4.1). */
export interface ActorClaim {
  readonly sub: string
  readonly act?: ActorClaim
}

/** Links of a chain, the app included; every guard refuses longer ones. */
export const MAX_ACTORS = 8

/** Names in an `act` claim, nearest first. */
export function readActors(act: unknown): string[] {
  const actors: string[] = []
  for (let link = act as Partial<ActorClaim> | undefined; link; link = link.act) {
    if (typeof link.sub !== 'string' || actors.length > MAX_ACTORS)
      throw new errors.InvalidRequest('subject_token has a chain that cannot be read')
    actors.push(link.sub)
  }
  return actors
}

/**
 * The chain with the agent in front. The app that the token was issued to comes before all agents, because the new token
 * is issued to an agent (RFC 9068 §2.2 `client_id`). An agent that acts already goes on where it is; one that acted
 * earlier would make a loop.
 */
export function extendChain(claims: OwnTokenClaims, agent: AgentId): ActorClaim | undefined {
  if (claims.sub === agent && claims.act === undefined) return undefined
  const actors = readActors(claims.act)
  if (actors[0] === agent) return claims.act as ActorClaim
  if (actors.includes(agent) || claims.sub === agent)
    throw new errors.InvalidRequest('the agent acts in this chain already')
  const earlier = withApp(claims, actors)
  if (readActors(earlier).length + 1 > MAX_ACTORS)
    throw new errors.InvalidRequest(`a chain has ${MAX_ACTORS} links at most`)
  return { sub: agent, ...(earlier ? { act: earlier } : {}) }
}

/** Who acted before. The token of a hop is not issued to who acts there: its app stands before all of them. */
function withApp(
  { sub, client_id: client, act }: OwnTokenClaims,
  actors: readonly string[],
): ActorClaim | undefined {
  const isNamed = client === sub || actors.includes(client) || (isId('agent', client) && actors.length > 0)
  if (isNamed) return act as ActorClaim | undefined
  return [...actors]
    .toReversed()
    .reduce<ActorClaim>((before, actor) => ({ sub: actor, act: before }), { sub: client })
}
