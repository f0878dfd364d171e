import type { ArgumentConstraint, CapabilityRule, GrantTerms } from '@parley/contract'
import { meetsConstraint } from './constraint.ts'

/** Whether some rule names the capability, and whether one does with these arguments. */
export type Match = 'yes' | 'no' | 'not-with-these-arguments'

/** Terms as they are asked: exact names are looked up, and only patterns are gone through. */
export interface CompiledTerms {
  match(capability: string, args: (() => unknown) | undefined): Match
}

interface Prefix {
  readonly start: string
  readonly where: readonly ArgumentConstraint[]
}

const NONE: readonly ArgumentConstraint[] = []

export function compileTerms({ capabilities }: GrantTerms): CompiledTerms {
  const exact = new Map<string, (readonly ArgumentConstraint[])[]>()
  const prefixes: Prefix[] = []
  for (const { capability, where = NONE } of capabilities) addRule(capability, where)
  // What asks nothing of the arguments answers at once.
  for (const list of exact.values()) list.sort((left, right) => left.length - right.length)
  prefixes.sort((left, right) => left.where.length - right.where.length)
  return { match }

  function addRule(capability: CapabilityRule['capability'], where: readonly ArgumentConstraint[]): void {
    if (capability.endsWith('*')) prefixes.push({ start: capability.slice(0, -1), where })
    else exact.set(capability, [...(exact.get(capability) ?? []), where])
  }

  function match(capability: string, args: (() => unknown) | undefined): Match {
    let isNamed = false
    for (const where of exact.get(capability) ?? []) {
      if (holds(where, args)) return 'yes'
      isNamed = true
    }
    for (const { start, where } of prefixes) {
      if (!capability.startsWith(start)) continue
      if (holds(where, args)) return 'yes'
      isNamed = true
    }
    return isNamed ? 'not-with-these-arguments' : 'no'
  }
}

/** Without arguments the question is whether some could do, and the contract refuses constraints that none can meet. */
function holds(where: readonly ArgumentConstraint[], args: (() => unknown) | undefined): boolean {
  if (where.length === 0 || args === undefined) return true
  const values = args()
  return where.every((constraint) => meetsConstraint(constraint, values))
}
