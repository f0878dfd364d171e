import { isId, type AgentId, type Grant, type GrantId } from '@parley/contract'
import { errors } from '../provider/library.ts'
import type { OwnTokenClaims } from '../tokens/verify-own-token.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'
import { readActors } from './actor-chain.ts'

/** A token that may be passed on, and the grant behind it. */
export interface SubjectToken {
  readonly claims: OwnTokenClaims
  readonly grant: Grant
}

/**
 * RFC 8693 §2.2.2: a subject token that is no good is an invalid request. Everybody it speaks of must be in good standing
 * now: the person, the app, each agent, and the grant with all it is part of.
 */
export function checkSubjectToken(token: string, agent: AgentId, tools: WorkloadTools): SubjectToken {
  const claims = tools.verifyToken(token)
  if (!claims) throw refused('is not an access token that is good now')
  if (!claims.gid || !isId('grant', claims.gid))
    throw refused('stands for no grant: nobody acts for who calls with a key, or as the hub')
  // Who gets it may answer one call, and act for the caller elsewhere only where the hub says so.
  if (claims.txn !== undefined && claims.may_act?.sub !== agent)
    throw refused('is the token of one hop, which goes no further')
  const grant = findLiveGrant(claims.gid, tools)
  if (!grant) throw refused('is of a grant that has ended')
  const { sub } = claims
  if (isId('person', sub)) {
    if (tools.people.find(sub)?.state !== 'active') throw refused('is of a person who may not act')
    if (grant.person !== sub) throw refused('is of another person than its grant')
  } else if (!isId('agent', sub)) throw refused('is of nobody here')
  const others = [claims.client_id, sub, ...readActors(claims.act)].filter((id) => !isId('person', id))
  if (!others.every((id) => isActive(id, tools))) throw refused('went through somebody who may not act')
  return { claims, grant }
}

function findLiveGrant(id: GrantId, { grants, clock }: WorkloadTools): Grant | undefined {
  const lineage = grants.lineage(id)
  const isLive = ({ state, terms }: Grant) =>
    state === 'active' && (terms.expiresAt === null || terms.expiresAt > clock.now())
  const [grant] = lineage
  return grant?.id === id && lineage.every(isLive) ? grant : undefined
}

function isActive(clientId: string, { clients }: WorkloadTools): boolean {
  const client = isId('agent', clientId) ? clients.agent(clientId) : clients.findApp(clientId)
  return client?.state === 'active'
}

function refused(why: string) {
  return new errors.InvalidRequest(`subject_token ${why}`)
}
