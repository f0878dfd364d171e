import type { CapabilityRule, GrantLimits, ParleyCapabilityDetail } from '@parley/contract'
import { createAgentClient, type AgentClient } from './agent-client.ts'
import type { HubTokens } from './hub-tokens.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** What another agent may do with what it is given. */
export interface Delegation {
  /** The name of the agent at the hub. */
  readonly agent: string
  /** Ids of its skills; all that the caller allows unless told otherwise. */
  readonly skills?: readonly string[]
  /**
   * Whom it may ask in turn, as far as the caller allows it: names of agents, or of single skills (`skill:maps/route`).
   * Nobody unless told otherwise.
   */
  readonly onward?: readonly string[]
  /** How often, and how much. */
  readonly limits?: GrantLimits
  /** When it ends: at least 60. */
  readonly expiresInSeconds?: number
}

/** Another agent at the hub, asked on somebody's behalf. */
export interface Delegate extends AgentClient {
  /** The token that goes with each request. Asked for early, it outlives that of the call, which is good for a minute. */
  token(): Promise<string>
}

/** An agent that acts for the one who has called it, or for itself. */
export interface Acting {
  /**
   * Another agent, with no more than what is said here of what the caller allows. No request is made before something is
   * asked; then it rejects with `HubError` when the caller does not allow it.
   */
  delegate(delegation: Delegation): Delegate
}

export interface ActingTools {
  readonly hub: string
  readonly tokens: HubTokens
  readonly fetch: typeof globalThis.fetch
}

/** Exchanges the caller's token (RFC 8693) for one of the agent's own, which is narrower. */
export function actForCaller(subjectToken: string, tools: ActingTools): Acting {
  return acting(tools, (delegation) => {
    const detail = detailOf(delegation)
    return {
      grant_type: TOKEN_EXCHANGE,
      subject_token: subjectToken,
      subject_token_type: ACCESS_TOKEN,
      resource: delegation.onward ? `${tools.hub}/a2a` : addressOf(tools.hub, delegation),
      ...(detail && { authorization_details: JSON.stringify([detail]) }),
    }
  })
}

/** With what an administrator granted the agent itself (RFC 6749 §4.4). */
export function actForItself(tools: ActingTools): Acting {
  return acting(tools, (delegation) => {
    const { agent, skills, onward, limits, expiresInSeconds } = delegation
    if (onward || limits || expiresInSeconds !== undefined)
      throw new TypeError(
        'What an agent does for itself is bounded by its own grant: only skills can be named.',
      )
    const scope = skills?.map((skill) => `skill:${agent}/${skill}`).join(' ')
    return {
      grant_type: 'client_credentials',
      resource: addressOf(tools.hub, delegation),
      ...(scope !== undefined && { scope }),
    }
  })
}

function acting(
  { hub, tokens, fetch }: ActingTools,
  parametersFor: (delegation: Delegation) => Readonly<Record<string, string>>,
): Acting {
  return {
    delegate(delegation) {
      const parameters = parametersFor(delegation)
      const token = () => tokens.get(parameters)
      const onRefused = (refused: string) => tokens.forget(refused)
      return { ...createAgentClient({ url: addressOf(hub, delegation), token, onRefused, fetch }), token }
    },
  }
}

function addressOf(hub: string, { agent }: Delegation): string {
  return `${hub}/a2a/agents/${encodeURIComponent(agent)}`
}

/** Undefined where nothing is to be narrowed beyond the agent itself. */
function detailOf(delegation: Delegation): ParleyCapabilityDetail | undefined {
  const { agent, skills, onward, limits, expiresInSeconds } = delegation
  if (!skills && !onward && !limits && expiresInSeconds === undefined) return undefined
  const own = skills?.map((skill) => `skill:${agent}/${skill}`) ?? [`skill:${agent}/*`]
  const names = [...own, ...(onward ?? []).map((name) => (name.includes(':') ? name : `skill:${name}/*`))]
  return {
    type: 'parley_capability',
    capabilities: names.map((capability): CapabilityRule => ({ capability })),
    ...(limits && { limits }),
    ...(expiresInSeconds !== undefined && { expires_in: expiresInSeconds }),
  }
}
