import type { CapabilityName, Decision, Obligations, Principal } from '@parley/contract'

/** What someone wants to do: call or list a capability, or manage the hub. */
export type Action = 'mcp.call' | 'mcp.list' | 'hub.manage' | 'hub.read'

const NO_OBLIGATIONS: Obligations = Object.freeze({})
const POLICY_VERSION = 1

const ADMIN_ALLOW: Decision = Object.freeze({
  kind: 'allow',
  obligations: NO_OBLIGATIONS,
  policies: Object.freeze(['builtin:administrator']),
  policyVersion: POLICY_VERSION,
})

const DENY: Decision = Object.freeze({
  kind: 'deny',
  reason: 'No grant or policy allows this.',
  policies: Object.freeze(['builtin:default-deny']),
  policyVersion: POLICY_VERSION,
})

/**
 * May this principal do this? The one function every face asks, for every call. Today the administrator may do
 * everything and nobody else anything; grants and policies join here, not beside it.
 */
export function decide(
  principal: Principal,
  _action: Action,
  _capability: CapabilityName | undefined,
): Decision {
  return principal.roles.includes('admin') ? ADMIN_ALLOW : DENY
}
