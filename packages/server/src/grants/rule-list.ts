import type { MeetsConstraint } from './constraint.ts'
import { beginsWith } from './pattern.ts'

export interface Rule {
  /** What the capability begins with; an exact name is looked up, and has been compared. */
  readonly start: string
  readonly where: readonly MeetsConstraint[]
}

/** Up to here, comparing one beginning after the other is cheaper than looking them up. */
const FEW = 12

/** Patterns, asked for the rules that name a capability: however many there are, only their lengths are gone through. */
export class RuleList {
  readonly #rules: Rule[] = []
  readonly #byStart = new Map<string, Rule[]>()
  readonly #lengths: number[] = []

  add(rule: Rule): void {
    this.#rules.push(rule)
    const { start } = rule
    const same = this.#byStart.get(start)
    if (same) same.push(rule)
    else this.#byStart.set(start, [rule])
    if (!this.#lengths.includes(start.length)) this.#lengths.push(start.length)
  }

  naming(capability: string): readonly Rule[] {
    if (this.#rules.length <= FEW) return this.#rules.filter(({ start }) => beginsWith(capability, start))
    const found: Rule[] = []
    for (const length of this.#lengths) {
      if (length > capability.length) continue
      const start = capability.slice(0, length)
      const rules = this.#byStart.get(start)
      if (rules && beginsWith(capability, start)) found.push(...rules)
    }
    return found
  }
}
