import type { Agent } from '../../clients/index.ts'
import { scopesFor } from '../../grants/index.ts'
import { errors, type GrantHandler, type Provider } from '../provider/library.ts'
import type { ProviderContext } from '../provider/types.ts'
import type { Resource } from '../resources/resource.ts'
import { includesScope, readScopes } from './scopes.ts'
import { signAccessToken } from './sign-access-token.ts'
import { recordIssue, type WorkloadTools } from './workload-tools.ts'

/**
 * The client_credentials grant (RFC 6749 §4.4) of an agent that acts for itself. Its token names the entitlement that an
 * administrator gave the agent; without one there is nothing to have a token for.
 */
export function registerClientCredentialsGrant(provider: Provider, tools: WorkloadTools): void {
  provider.registerGrantType('client_credentials', createHandler(tools), ['scope', 'resource'])
}

function createHandler(tools: WorkloadTools): GrantHandler {
  return async (context) => {
    const agent = findAgent(context, tools)
    const resource = findResource(context, tools)
    const grant = findEntitlement(agent, resource, tools)
    const held = scopesFor(grant.terms.audiences, resource.identifier) ?? []
    const scope = chooseScopes(context, resource, held)
    context.body = signAccessToken(
      {
        grant,
        scope,
        claims: {
          sub: agent.id,
          aud: resource.identifier,
          client_id: agent.id,
          acr: 'urn:parley:workload',
        },
      },
      tools,
    )
    recordIssue(tools, {
      action: 'token.issue',
      subject: agent.id,
      chain: [{ kind: 'agent', id: agent.id }],
      grant: grant.id,
      note: `For the agent ${agent.name} at ${resource.identifier}.`,
    })
    tools.clients.noteUse(agent.id).catch(tools.onError)
  }
}

/** The client was authenticated before; an agent suspended meanwhile is no client any more. */
export function findAgent(context: ProviderContext, { clients }: Pick<WorkloadTools, 'clients'>): Agent {
  const agent = clients.agent(context.oidc.client.clientId as Agent['id'])
  if (!agent) throw new errors.UnauthorizedClient('only agents may ask for this')
  if (agent.state !== 'active') throw new errors.InvalidClient('the agent is not active')
  return agent
}

/** RFC 8707 §2: without a resource the endpoint with everything is meant. */
function findResource(context: ProviderContext, { resources }: WorkloadTools): Resource {
  const asked = context.oidc.params['resource']
  if (asked === undefined) return resources.fallback
  const resource = typeof asked === 'string' ? resources.find(asked) : undefined
  if (!resource) throw new errors.InvalidTarget('the resource is unknown')
  return resource
}

function findEntitlement(agent: Agent, resource: Resource, { grants, clock }: WorkloadTools) {
  const live = grants
    .entitlementsOf({ kind: 'agent', id: agent.id })
    .filter(({ terms }) => terms.expiresAt === null || terms.expiresAt > clock.now())
  if (live.length === 0) throw new errors.UnauthorizedClient('nothing is granted to this agent')
  // An entitlement that names the resource says more about it than one for all, or for all agents.
  const grant =
    live.find(({ terms }) => Object.hasOwn(terms.audiences, resource.identifier)) ??
    live.find(({ terms }) => scopesFor(terms.audiences, resource.identifier) !== undefined)
  if (!grant) throw new errors.InvalidTarget('nothing is granted to this agent at the resource')
  return grant
}

function chooseScopes(
  context: ProviderContext,
  resource: Resource,
  held: readonly string[],
): readonly string[] {
  const isHeld = (scope: string) => resource.hasScope(scope) && includesScope(held, scope)
  const asked = readScopes(context.oidc.params['scope'])
  if (!asked) {
    const given = [...new Set([...resource.defaultScopes.filter(isHeld), ...held.filter(isHeld)])]
    if (given.length === 0) throw new errors.InvalidScope('no scope is granted at the resource', '')
    return given
  }
  const missing = asked.filter((scope) => !isHeld(scope))
  if (missing.length > 0)
    throw new errors.InvalidScope('the agent is not granted this scope', missing.join(' '))
  return asked
}
