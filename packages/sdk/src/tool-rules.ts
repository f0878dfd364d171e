import { ACR_VALUES } from '@parley/contract/principal'
import type { Caller } from './caller.ts'
import type { ScopeTree } from './scope-tree.ts'

/** How, and how recently, a person must have signed in (RFC 9470). */
export interface StepUp {
  /** A context class; at a Parley hub a stronger one will do as well. */
  readonly acr?: string
  readonly maxAgeSeconds?: number
}

export interface ToolNeeds {
  /** All of them. */
  readonly scopes?: readonly string[]
  readonly stepUp?: StepUp
}

/** What a call needs: a scope, several, or more than scopes; a function decides by the arguments, which are unchecked input. */
export type ToolRule =
  | string
  | readonly string[]
  | ToolNeeds
  | ((args: unknown) => string | readonly string[] | ToolNeeds)

/** By name of the tool; `*` is for all that are not listed. Without it those need every scope that is defined. */
export type ToolRules = Readonly<Record<string, ToolRule>>

/** What a guard asks of each message that could do something. */
export interface MessageGate {
  /** Whether a token for one capability alone is for all that the message does. */
  isFor(capability: string, message: unknown): boolean
  /** Of each thing that the message does. */
  needsOf(message: unknown): readonly ToolNeeds[]
}

/** What a call of any tool needs, decided on the message and never on a header: a header can say something else. */
export class ToolGate implements MessageGate {
  readonly #rules: RuleTable

  constructor(rules: ToolRules, scopes: ScopeTree) {
    this.#rules = new RuleTable(rules, scopes, 'The tool')
  }

  isFor(capability: string, message: unknown): boolean {
    if (Array.isArray(message)) return message.every((part) => this.isFor(capability, part))
    const call = message as { method?: unknown; params?: { name?: unknown } } | null
    if (typeof call !== 'object' || call?.method !== 'tools/call') return true
    // `tool:`, the hub's name of the server, a slash, and the server's own name of the tool.
    const own = /^tool:[^/]*\/(.*)$/s.exec(capability)?.[1]
    return own !== undefined && call.params?.name === own
  }

  /** None, one, or several in a batch. */
  needsOf(message: unknown): readonly ToolNeeds[] {
    if (Array.isArray(message)) return message.flatMap((part) => this.needsOf(part))
    const call = message as { method?: unknown; params?: { name?: unknown; arguments?: unknown } } | null
    if (typeof call !== 'object' || call?.method !== 'tools/call') return []
    const name = call.params?.name
    return [this.#rules.needsOf(typeof name === 'string' ? name : undefined, call.params?.arguments)]
  }
}

/** The rules by name, and what holds for names that have none. */
export class RuleTable {
  readonly #rules: ReadonlyMap<string, ToolRule>
  readonly #unlisted: ToolRule

  constructor(rules: ToolRules, scopes: ScopeTree, kind: string) {
    for (const [name, rule] of Object.entries(rules)) {
      if (typeof rule !== 'function') scopes.assertDefined(toNeeds(rule).scopes ?? [], `${kind} ${name}`)
    }
    this.#rules = new Map(Object.entries(rules))
    this.#unlisted = rules['*'] ?? scopes.names
  }

  get names(): readonly string[] {
    return [...this.#rules.keys()]
  }

  needsOf(name: string | undefined, args: unknown): ToolNeeds {
    const rule = (name !== undefined && name !== '*' && this.#rules.get(name)) || this.#unlisted
    return toNeeds(typeof rule === 'function' ? rule(args) : rule)
  }
}

function toNeeds(rule: string | readonly string[] | ToolNeeds): ToolNeeds {
  if (typeof rule === 'string') return { scopes: [rule] }
  return Array.isArray(rule) ? { scopes: rule as readonly string[] } : (rule as ToolNeeds)
}

/** Whether the caller signed in well enough and lately enough; one who never signed in did not. */
export function meetsStepUp(caller: Caller, { acr, maxAgeSeconds }: StepUp, nowSeconds: number): boolean {
  if (acr !== undefined && !isAtLeast(caller.acr, acr)) return false
  if (maxAgeSeconds === undefined) return true
  return caller.authTime !== undefined && nowSeconds - caller.authTime <= maxAgeSeconds
}

/** Parley's own classes have an order; any other is only equal to itself. */
function isAtLeast(held: string | undefined, needed: string): boolean {
  if (held === needed) return true
  const order: readonly (string | undefined)[] = ACR_VALUES
  const floor = order.indexOf(needed)
  return floor >= 0 && order.indexOf(held) > floor
}
