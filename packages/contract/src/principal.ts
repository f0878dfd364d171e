import type { AgentId, AppId, GrantId, KeyId, PersonId } from './ids.ts'

/** One step of "who acts for whom", outermost first: person → app → agent → agent. */
export type ChainLink =
  | { readonly kind: 'person'; readonly id: PersonId }
  | { readonly kind: 'app'; readonly id: AppId }
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'key'; readonly id: KeyId }

/** How sure we are of who calls. `bootstrap` is the administrator's first key, before accounts exist. */
export type Assurance = { readonly kind: 'bootstrap' } | { readonly kind: 'token'; readonly acr: string }

/** Management roles; what each may do is decided in one place, `access`. */
export type Role = 'admin' | 'operator' | 'auditor' | 'member'

/**
 * Who calls: the person if there is one, the chain that acts for them, the app and the grant that carry the
 * call. `subject` is the stable key that limits, sealed state and ownership are bound to.
 */
export interface Principal {
  readonly subject: string
  readonly person?: PersonId
  readonly app?: AppId
  readonly grant?: GrantId
  readonly chain: readonly ChainLink[]
  readonly roles: readonly Role[]
  readonly assurance: Assurance
}
