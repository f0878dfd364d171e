import { isId, type AgentId, type ChainLink, type Grant } from '@parley/contract'
import { recordOf } from '../../activity/index.ts'
import { errors } from '../provider/library.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'
import type { SubjectToken } from './check-subject-token.ts'
import type { Target } from './choose-target.ts'
import { namesConnectionToken } from './find-connection-token.ts'

/** Asks for the token of a connection at the server itself (RFC 8693 §2.1, `requested_token_type`). */
export const CONNECTION_TOKEN_TYPE = 'urn:parley:params:oauth:token-type:connection'

/**
 * Whoever holds the token is free of every limit of the hub. So each grant on the way names it by itself, without
 * constraints and limits, and it is on record before it is given.
 */
export async function giveConnectionToken(
  asked: {
    readonly agent: AgentId
    readonly subject: SubjectToken
    readonly target: Target
    readonly chain: readonly ChainLink[]
  },
  tools: WorkloadTools,
): Promise<Record<string, unknown>> {
  const { subject, target, agent, chain } = asked
  const { server, identifier } = target.resource
  if (server === undefined || target.resource.kind !== 'mcp')
    throw new errors.InvalidTarget('a connection is at one server of this hub; name its endpoint')
  if (!tools.grants.lineage(subject.grant.id).every((grant) => lets(grant, server)))
    throw new errors.InvalidTarget(`the grant does not name connection:${server}/token`)
  const { sub } = subject.claims
  const person = isId('person', sub) ? sub : undefined
  const found = await tools.findConnectionToken(server, person)
  if (found.kind === 'none') throw new errors.InvalidTarget(found.why)
  const { activity, store, clock } = tools
  const record = recordOf(tools, {
    action: 'connection.token',
    subject: agent,
    chain,
    grant: subject.grant.id,
    capability: `connection:${server}/token`,
    ...(person !== undefined && { person }),
    policies: ['builtin:authorization-server'],
    note: `The agent ${agent} was given the token for ${server}.`,
  })
  await store.submit([activity.statement(record)])
  const { token, expiresAt } = found
  return {
    access_token: token,
    issued_token_type: CONNECTION_TOKEN_TYPE,
    token_type: 'Bearer',
    resource: identifier,
    ...(expiresAt !== null && { expires_in: Math.max(0, Math.floor((expiresAt - clock.now()) / 1000)) }),
  }
}

/** A pattern for everything was not meant for this. */
function lets({ terms }: Grant, server: string): boolean {
  const { calls, callsPerMinute, amount } = terms.limits
  if (calls !== undefined || callsPerMinute !== undefined || amount !== undefined) return false
  return terms.capabilities.some((rule) => namesConnectionToken(rule, server))
}
