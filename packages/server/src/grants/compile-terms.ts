import type { GrantTerms } from '@parley/contract'
import { compileConstraint, type MeetsConstraint } from './constraint.ts'
import { beginsWith } from './pattern.ts'

/** Whether some rule names the capability, and whether one does with these arguments. */
export type Match = 'yes' | 'no' | 'not-with-these-arguments'

/** Terms as they are asked: exact names are looked up, and only patterns that begin like the capability are gone through. */
export interface CompiledTerms {
  match(capability: string, args: (() => unknown) | undefined): Match
}

interface Rule {
  /** What the capability begins with; an exact name is looked up, and has been compared. */
  readonly start: string
  readonly where: readonly MeetsConstraint[]
}

const NO_RULES: readonly Rule[] = []

export function compileTerms({ capabilities }: GrantTerms): CompiledTerms {
  const exact = new Map<string, Rule[]>()
  const byOwner = new Map<string, Rule[]>()
  const wide: Rule[] = []
  for (const { capability, where = [] } of capabilities) {
    const start = capability.endsWith('*') ? capability.slice(0, -1) : capability
    listOf(capability, start).push({ start, where: where.map(compileConstraint) })
  }
  // What asks nothing of the arguments answers at once.
  for (const rules of [...exact.values(), ...byOwner.values(), wide])
    rules.sort((left, right) => left.where.length - right.where.length)
  return { match }

  function listOf(capability: string, start: string): Rule[] {
    if (!capability.endsWith('*')) return entry(exact, capability)
    const owner = ownerPart(start)
    return owner === '' ? wide : entry(byOwner, owner)
  }

  function match(capability: string, args: (() => unknown) | undefined): Match {
    let isNamed = false
    for (const rules of [
      exact.get(capability) ?? NO_RULES,
      byOwner.get(ownerPart(capability)) ?? NO_RULES,
      wide,
    ])
      for (const { start, where } of rules) {
        if (start !== capability && !beginsWith(capability, start)) continue
        if (holds(where, args)) return 'yes'
        isNamed = true
      }
    return isNamed ? 'not-with-these-arguments' : 'no'
  }
}

/** `tool:files/` of `tool:files/read`; empty when a pattern ends before its owner does. */
function ownerPart(text: string): string {
  return text.slice(0, text.indexOf('/') + 1)
}

function entry(map: Map<string, Rule[]>, key: string): Rule[] {
  const rules = map.get(key) ?? []
  map.set(key, rules)
  return rules
}

/** Without arguments the question is whether some could do, and the contract refuses constraints that none can meet. */
function holds(where: readonly MeetsConstraint[], args: (() => unknown) | undefined): boolean {
  if (where.length === 0 || args === undefined) return true
  const values = args()
  return where.every((meets) => meets(values))
}
