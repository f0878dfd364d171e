import type { AgentCard } from '../a2a/index.ts'
import { isCredentialValue } from '../lib/credential-header.ts'
import { readRequirements, type AgentRequirement, type AgentScheme } from './security-schemes.ts'

/** What the hub has for an agent. */
export interface HeldCredentials {
  /** The hub's own token for this hop, where the agent trusts the hub's issuer. */
  readonly hopToken?: string | undefined
  /** Of the vault: headers that were typed, or the token of a sign-in; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What goes on a call to an agent, or what is missing; `why` is a sentence for whoever can mend it. */
export type AgentCredentials =
  | { readonly kind: 'send'; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly kind: 'needs'
      /** What would do; undefined where nothing that the hub can send would. */
      readonly scheme: AgentScheme | undefined
      readonly why: string
    }

type Requiring = Pick<AgentCard, 'securitySchemes' | 'securityRequirements'>

/**
 * The headers of a call: what the hub has, if it meets one of the ways in that the card leaves. What an administrator
 * gave the hub for the agent is sent to one that asks for nothing too: its card may say less than it does.
 */
export function chooseCredentials(card: Requiring, held: HeldCredentials): AgentCredentials {
  const headers: Record<string, string> = { ...held.headers }
  // What somebody typed for this agent says more of it than a token that all such agents get.
  if (held.hopToken !== undefined) headers['authorization'] ??= `Bearer ${held.hopToken}`
  const requirements = readRequirements(card)
  if (requirements.length === 0) return { kind: 'send', headers }
  if (requirements.some((requirement) => firstMissing(requirement, headers) === undefined))
    return { kind: 'send', headers }
  return explain(requirements, headers)
}

/**
 * One secret in the place where a scheme wants it: a key, a token, or `user:password`; undefined where it has no place
 * or cannot be sent.
 */
export function headersOfSecret(
  scheme: AgentScheme,
  secret: string,
): Readonly<Record<string, string>> | undefined {
  if (scheme.kind === 'unusable') return undefined
  const headers = placeSecret(scheme, secret)
  return Object.values(headers).every(isCredentialValue) ? headers : undefined
}

function placeSecret(
  scheme: Exclude<AgentScheme, { kind: 'unusable' }>,
  secret: string,
): Readonly<Record<string, string>> {
  if (scheme.kind === 'key') return { [scheme.header]: secret }
  // RFC 6265 §4.1.1: what would end the value, or begin another.
  if (scheme.kind === 'cookie') return { cookie: /[;,"\\\s]/.test(secret) ? '' : `${scheme.name}=${secret}` }
  if (scheme.kind === 'basic') return { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }
  return { authorization: `Bearer ${secret}` }
}

function firstMissing(
  requirement: AgentRequirement,
  headers: Readonly<Record<string, string>>,
): AgentRequirement[number] | undefined {
  return requirement.find(({ scheme }) => !isMet(scheme, headers))
}

function isMet(scheme: AgentScheme, headers: Readonly<Record<string, string>>): boolean {
  const has = (name: string): string => (Object.hasOwn(headers, name) ? headers[name]! : '')
  switch (scheme.kind) {
    case 'key':
      return has(scheme.header) !== ''
    case 'cookie':
      return has('cookie')
        .split(';')
        .some((pair) => pair.trim().startsWith(`${scheme.name}=`))
    case 'basic':
      return /^basic /i.test(has('authorization'))
    case 'bearer':
    case 'oauth':
    case 'openid':
      return /^bearer /i.test(has('authorization'))
    case 'unusable':
      return false
  }
}

function explain(
  requirements: readonly AgentRequirement[],
  headers: Readonly<Record<string, string>>,
): AgentCredentials {
  const isUsable = (each: AgentRequirement) => each.every(({ scheme }) => scheme.kind !== 'unusable')
  const possible = requirements.find(isUsable)
  const missing = firstMissing(possible ?? requirements[0]!, headers)!
  const { name, scheme } = missing
  if (!possible) {
    const unusable = requirements[0]!.find((each) => each.scheme.kind === 'unusable')!
    const what = unusable.scheme.kind === 'unusable' ? unusable.scheme.why : ''
    return {
      kind: 'needs',
      scheme: undefined,
      why: `The agent asks for "${unusable.name}", which ${what}; Parley does not offer that.`,
    }
  }
  return { kind: 'needs', scheme, why: `The agent asks for "${name}": ${WANTED[scheme.kind]}.` }
}

const WANTED: Readonly<Record<AgentScheme['kind'], string>> = {
  key: 'a key in a header',
  cookie: 'a key in a cookie',
  bearer: 'a bearer token',
  basic: 'a name and a password',
  oauth: 'a sign-in at its authorization server',
  openid: 'a sign-in at its identity provider',
  unusable: 'something that Parley does not offer',
}
