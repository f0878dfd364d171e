import type { AgentId } from '@parley/contract'
import { errors } from '../provider/library.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'

/**
 * An actor token (RFC 8693 §2.1) says again who acts. It must be the authenticated agent's own, for itself: with somebody
 * else's token nobody acts in their name.
 */
export function checkActorToken(
  token: string | undefined,
  agent: AgentId,
  { verifyToken }: Pick<WorkloadTools, 'verifyToken'>,
): void {
  if (token === undefined) return
  const claims = verifyToken(token)
  if (claims?.sub !== agent || claims.client_id !== agent || claims.act !== undefined)
    throw new errors.InvalidRequest('actor_token is not the token of this agent')
}
