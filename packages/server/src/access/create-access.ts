import type { CapabilityName, Decision, ManagementAction, PersonId, Principal } from '@parley/contract'
import type { Coverage } from '../grants/index.ts'
import type { Access, AccessRequest } from './access.ts'
import { ROLE_ACTIONS, isManagementAction, scopeOf } from './actions.ts'
import { isAgentEntitled, isEntitled, type AccessFacts } from './is-entitled.ts'
import { mayUseServer, reachesServer } from './reaches-server.ts'

const POLICY_VERSION = 1
const because = (policy: string) => ({ policies: Object.freeze([policy]), policyVersion: POLICY_VERSION })
const deny = (reason: string, policy: string): Decision =>
  Object.freeze({ kind: 'deny', reason, ...because(policy) })
const allow = (policy: string): Decision =>
  Object.freeze({ kind: 'allow', obligations: Object.freeze({}), ...because(policy) })

const ADMINISTRATOR = allow('builtin:administrator')
const GRANTED = allow('builtin:grant')
const ROLE_ALLOWS = allow('builtin:role')
const NO_GRANT = deny('No grant or policy allows this.', 'builtin:default-deny')
const NOT_ENTITLED = deny('Neither you nor a group of yours may use this.', 'builtin:entitlement')
const ARGUMENTS = deny('The grant does not cover these arguments.', 'builtin:grant')
const ENDED = deny('The grant has ended.', 'builtin:grant')
const ROLE_FORBIDS = deny('Your role does not include this.', 'builtin:role')

/**
 * The built-in rules, in their order: the bootstrap key may do everything; management needs a role that includes it and a
 * scope of the token; a call needs the token's scope, the grant with all its parents, and what its person is entitled to.
 */
export function createAccess(facts: AccessFacts): Access {
  const { grants, people } = facts
  return {
    decide(request) {
      const { principal, action } = request
      if (principal.assurance.kind === 'bootstrap') return ADMINISTRATOR
      if (isManagementAction(action)) return decideManagement(principal, action)
      if (request.capability === undefined) return NO_GRANT
      return decideCall({ principal, action, ...argumentsOf(request) }, request.capability)
    },
    visible(principal) {
      if (principal.assurance.kind === 'bootstrap') return () => true
      return (capability) => {
        const { kind } = decideCall({ principal, action: 'mcp.list' }, capability)
        return kind === 'allow' || kind === 'scope'
      }
    },
    reaches(principal, server) {
      if (principal.assurance.kind === 'bootstrap') return true
      return reachesServer(facts, principal, { person: personBehind(principal), server })
    },
    personBehind,
    mayUse: (person, server) => mayUseServer(facts, person, server),
    isEntitled: (person, capability) => isEntitled(facts, person, capability),
    isAgentEntitled: (agent, capability) => isAgentEntitled(facts, agent, capability),
    take(principal, args) {
      return principal.grant === undefined ? undefined : grants.take(principal.grant, args)
    },
  }

  function decideManagement(principal: Principal, action: ManagementAction): Decision {
    const { person, scopes } = principal
    if (person === undefined && !isForAgents(principal, action)) return ROLE_FORBIDS
    if (person !== undefined && !people.rolesOf(person).some((role) => ROLE_ACTIONS[role].has(action)))
      return ROLE_FORBIDS
    const scope = scopeOf(action)
    // Who may change may look (RS7).
    if (scopes?.includes(scope) || scopes?.includes('hub:manage')) return ROLE_ALLOWS
    return { kind: 'scope', missing: [scope], ...because('builtin:scope') }
  }

  function decideCall(request: AccessRequest, capability: CapabilityName): Decision {
    const { principal, args } = request
    const { grant, scopes } = principal
    if (grant === undefined) return NO_GRANT
    const coverage = grants.covers(grant, capability, args)
    if (coverage.kind === 'not-covered') return notCovered(coverage, request, capability)
    if (!mayHave(request, capability)) return NOT_ENTITLED
    if (scopes?.some((scope) => scope === capability || isWhole(scope, capability))) return GRANTED
    return { kind: 'scope', missing: [capability], ...because('builtin:scope') }
  }

  /** What a person may have can be asked for; what the holder of an entitlement or a delegation lacks cannot. */
  function notCovered(
    { because: why }: Extract<Coverage, { kind: 'not-covered' }>,
    request: AccessRequest,
    capability: CapabilityName,
  ): Decision {
    if (why === 'expired' || why === 'revoked') return ENDED
    const isConsent = grants.find(request.principal.grant!)?.kind === 'consent'
    if (!isConsent || !mayHave(request, capability)) return why === 'arguments' ? ARGUMENTS : NOT_ENTITLED
    return { kind: 'consent', missing: [capability], ...because('builtin:grant') }
  }

  /** An agent that acts for itself holds its entitlement as its grant, which is covered already. */
  function mayHave({ principal, args }: AccessRequest, capability: CapabilityName): boolean {
    const person = personBehind(principal)
    return person === undefined || isEntitled(facts, person, capability, args)
  }

  function personBehind({ grant, person }: Principal): PersonId | undefined {
    return (grant && grants.find(grant)?.person) ?? person
  }
}

/** A token is good at one audience alone: `mcp` is of MCP endpoints, `a2a` of agents'. */
function isWhole(scope: string, capability: CapabilityName): boolean {
  return scope === 'mcp' || (scope === 'a2a' && capability.startsWith('skill:'))
}

/** An agent that acts for itself may do two things at the hub: say what it can do, and look for others. */
function isForAgents({ chain, app }: Principal, action: ManagementAction): boolean {
  if (action !== 'me.card' && action !== 'directory.read') return false
  return app === undefined && chain.length === 1 && chain[0]!.kind === 'agent'
}

const NO_ARGUMENTS = () => undefined

/** Read once however many rules ask. A call without any meets no constraint; only a list may ask whether some would do. */
function argumentsOf({ action, args }: AccessRequest): Pick<AccessRequest, 'args'> {
  if (!args) return action === 'mcp.call' || action === 'a2a.call' ? { args: NO_ARGUMENTS } : {}
  let read: { readonly value: unknown } | undefined
  return { args: () => (read ??= { value: args() }).value }
}
