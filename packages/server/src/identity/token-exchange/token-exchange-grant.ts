import { isId, type ChainLink } from '@parley/contract'
import { TOKEN_EXCHANGE } from '../../clients/index.ts'
import type { GrantHandler, Provider } from '../provider/library.ts'
import { findAgent } from '../workloads/client-credentials-grant.ts'
import { signAccessToken } from '../workloads/sign-access-token.ts'
import { recordIssue, type WorkloadTools } from '../workloads/workload-tools.ts'
import { extendChain, readActors, type ActorClaim } from './actor-chain.ts'
import { checkActorToken } from './check-actor-token.ts'
import { checkSubjectToken, type SubjectToken } from './check-subject-token.ts'
import { chooseTarget } from './choose-target.ts'
import { giveConnectionToken } from './connection-token.ts'
import { Delegations } from './delegations.ts'
import { narrowTerms } from './narrow-terms.ts'
import { ACCESS_TOKEN_TYPE, EXCHANGE_PARAMETERS, readExchangeRequest } from './read-exchange-request.ts'

/**
 * Token exchange (RFC 8693): an agent that was given somebody's access token gets one of its own to act for them, with a
 * grant that is part of theirs and never wider.
 */
export function registerTokenExchangeGrant(provider: Provider, tools: WorkloadTools): void {
  provider.registerGrantType(TOKEN_EXCHANGE, createHandler(tools), EXCHANGE_PARAMETERS)
}

function createHandler(tools: WorkloadTools): GrantHandler {
  const delegations = new Delegations(tools)

  return async (context) => {
    const agent = findAgent(context, tools)
    const request = readExchangeRequest(context.oidc.params)
    checkActorToken(request.actorToken, agent.id, tools)
    const subject = checkSubjectToken(request.subjectToken, agent.id, tools)
    const act = extendChain(subject.claims, agent.id)
    const target = chooseTarget(request, subject, tools)
    if (request.wantsConnection) {
      const chain = chainOf(subject, act, tools)
      context.body = await giveConnectionToken({ agent: agent.id, subject, target, chain }, tools)
      return
    }
    const terms = narrowTerms(subject.grant, target, { detail: request.detail, nowMs: tools.clock.now() })
    const grant = await delegations.findOrCreate(subject.grant, agent.id, terms)
    const { sub, sid, acr, amr, auth_time: authTime, exp } = subject.claims
    context.body = {
      ...signAccessToken(
        {
          grant,
          scope: target.scopes,
          // Passed on again and again, a token would outlive what it came from. That of a hop is good for the way
          // alone: what its agent gets for it has the life of any token, within the grant.
          ...(subject.claims.may_act === undefined && { notAfter: exp }),
          claims: {
            sub,
            aud: target.resource.identifier,
            client_id: agent.id,
            ...definedOnly({ act, sid, acr, amr, auth_time: authTime }),
          },
        },
        tools,
      ),
      issued_token_type: ACCESS_TOKEN_TYPE,
    }
    recordIssue(tools, {
      action: 'token.exchange',
      subject: agent.id,
      chain: chainOf(subject, act, tools),
      grant: grant.id,
      ...(isId('person', sub) ? { person: sub } : {}),
      note: `The agent ${agent.name} acts for ${sub} at ${target.resource.identifier}.`,
    })
    tools.clients.noteUse(agent.id).catch(tools.onError)
  }
}

/** Outermost first, as activity has it. */
function chainOf(
  { claims }: SubjectToken,
  act: ActorClaim | undefined,
  { clients }: Pick<WorkloadTools, 'clients'>,
): ChainLink[] {
  return [...readActors(act), claims.sub].toReversed().flatMap((id): ChainLink[] => {
    if (isId('person', id)) return [{ kind: 'person', id }]
    if (isId('agent', id)) return [{ kind: 'agent', id }]
    const app = clients.findApp(id)
    return app ? [{ kind: 'app', id: app.id }] : []
  })
}

function definedOnly(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
