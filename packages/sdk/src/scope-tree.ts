export interface ScopeDefinition {
  /** For people, on the consent page. */
  readonly description: string
  /** Scopes that this one stands for as well; they may include others in turn. */
  readonly includes?: readonly string[]
}

/** By name; a bare text is the description. */
export type ScopeDefinitions = Readonly<Record<string, string | ScopeDefinition>>

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The scopes of a resource and what includes what. */
export class ScopeTree {
  readonly names: readonly string[]
  readonly #reach = new Map<string, ReadonlySet<string>>()

  /** Throws for a name that cannot be a scope, or one that is included but not defined. */
  constructor(definitions: ScopeDefinitions) {
    this.names = Object.keys(definitions)
    for (const name of this.names) {
      if (!SCOPE_TOKEN.test(name)) throw new TypeError(`"${name}" cannot be the name of a scope.`)
      this.#reach.set(name, reachOf(name, definitions))
    }
  }

  /** Throws for a scope that is needed somewhere but not defined: nobody could be granted it. */
  assertDefined(scopes: readonly string[], where: string): void {
    for (const scope of scopes) {
      if (!this.#reach.has(scope))
        throw new TypeError(`${where} needs the scope "${scope}": define it in scopes.`)
    }
  }

  /** Those of `needed` that `held` neither names nor includes. */
  missing(held: readonly string[], needed: readonly string[]): readonly string[] {
    return needed.filter((need) => !held.includes(need) && !this.#isIncluded(held, need))
  }

  #isIncluded(held: readonly string[], need: string): boolean {
    return held.some((name) => this.#reach.get(name)?.has(need))
  }
}

function reachOf(name: string, definitions: ScopeDefinitions): ReadonlySet<string> {
  const reached = new Set([name])
  for (const scope of reached) {
    const definition = definitions[scope]
    if (definition === undefined) throw new TypeError(`"${name}" includes "${scope}": define it in scopes.`)
    if (typeof definition === 'string') continue
    for (const included of definition.includes ?? []) reached.add(included)
  }
  return reached
}
