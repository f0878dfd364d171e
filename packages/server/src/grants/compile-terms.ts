import type { GrantTerms } from '@parley/contract'
import { compileConstraint, type MeetsConstraint } from './constraint.ts'
import { RuleList, type Rule } from './rule-list.ts'

/** Whether some rule names the capability, and whether one does with these arguments. */
export type Match = 'yes' | 'no' | 'not-with-these-arguments'

/** Terms as they are asked: exact names are looked up, and only patterns that begin like the capability are gone through. */
export interface CompiledTerms {
  match(capability: string, args: (() => unknown) | undefined): Match
}

const NO_RULES: readonly Rule[] = []

export function compileTerms({ capabilities }: GrantTerms): CompiledTerms {
  const exact = new Map<string, Rule[]>()
  const byOwner = new Map<string, RuleList>()
  const wide = new RuleList()
  for (const { capability, where = [] } of capabilities) add(capability, where.map(compileConstraint))
  return { match }

  function add(capability: string, where: readonly MeetsConstraint[]): void {
    if (!capability.endsWith('*')) {
      const rules = exact.get(capability)
      if (rules) rules.push({ start: capability, where })
      else exact.set(capability, [{ start: capability, where }])
      return
    }
    const start = capability.slice(0, -1)
    const owner = ownerPart(start)
    let list = owner === '' ? wide : byOwner.get(owner)
    if (!list) byOwner.set(owner, (list = new RuleList()))
    list.add({ start, where })
  }

  function match(capability: string, args: (() => unknown) | undefined): Match {
    const byName = ask(exact.get(capability) ?? NO_RULES, args)
    if (byName === 'yes') return 'yes'
    const owned = byOwner.get(ownerPart(capability))
    const byPattern = owned ? ask(owned.naming(capability), args) : 'no'
    if (byPattern === 'yes') return 'yes'
    const byWide = ask(wide.naming(capability), args)
    if (byWide === 'yes') return 'yes'
    return byName === 'no' && byPattern === 'no' ? byWide : 'not-with-these-arguments'
  }
}

function ask(rules: readonly Rule[], args: (() => unknown) | undefined): Match {
  if (rules.length === 0) return 'no'
  // What asks nothing of the arguments answers without reading them.
  if (rules.some(({ where }) => where.length === 0)) return 'yes'
  return rules.some(({ where }) => holds(where, args)) ? 'yes' : 'not-with-these-arguments'
}

/** `tool:files/` of `tool:files/read`; empty when a pattern ends before its owner does. */
function ownerPart(text: string): string {
  return text.slice(0, text.indexOf('/') + 1)
}

/** Without arguments the question is whether some could do, and the contract refuses constraints that none can meet. */
function holds(where: readonly MeetsConstraint[], args: (() => unknown) | undefined): boolean {
  if (where.length === 0 || args === undefined) return true
  const values = args()
  return where.every((meets) => meets(values))
}
