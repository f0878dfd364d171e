import type { AgentId, AppId, GrantId, KeyId, PersonId } from './ids.ts'

/** One step of "who acts for whom", outermost first: person → app → agent → agent. */
export type ChainLink =
  | { readonly kind: 'person'; readonly id: PersonId }
  | { readonly kind: 'app'; readonly id: AppId }
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'key'; readonly id: KeyId }

/**
 * How sure we are of who calls. `bootstrap` is the administrator's first key, before accounts exist. `authTime` is in
 * seconds; an agent that acts for itself has none, and the acr of a workload.
 */
export type Assurance =
  | { readonly kind: 'bootstrap' }
  | { readonly kind: 'token'; readonly acr: Acr; readonly amr: readonly string[]; readonly authTime?: number }

/** Authentication context classes, weakest first: a workload's own key; one factor; two; a passkey with user verification. */
export const ACR_VALUES = [
  'urn:parley:workload',
  'urn:parley:1fa',
  'urn:parley:2fa',
  'urn:parley:passkey',
] as const
export type Acr = (typeof ACR_VALUES)[number]

/** Management roles; what each may do is decided in one place, `access`. */
export type Role = 'admin' | 'operator' | 'auditor' | 'member'

/**
 * Who calls: the person if there is one, the chain that acts for them, the app and the grant that carry the
 * call. `subject` is the stable key that limits, sealed state and ownership are bound to: the grant of a token, or the
 * key. A token's scopes narrow its grant; `mcp` stands for all of it.
 */
export interface Principal {
  readonly subject: string
  readonly person?: PersonId
  readonly app?: AppId
  readonly grant?: GrantId
  readonly chain: readonly ChainLink[]
  readonly roles: readonly Role[]
  readonly assurance: Assurance
  /** Of the token; absent for the bootstrap key. */
  readonly scopes?: readonly string[]
}
