import type { Definition } from '../registry/index.ts'

/** What one list shows, in its order. */
export interface Shown {
  readonly definition: Definition
  /** Its name in this list. */
  readonly name: string
}

interface Kept {
  readonly shown: readonly Shown[]
  readonly text: string
}

const MAX_CHARACTERS = 32 * 1024 * 1024

/**
 * Lists as they were written last, by who asked where. What a caller may see is decided anew each time; only writing the
 * same definitions again is spared.
 */
export class ListCache {
  readonly #kept = new Map<string, Kept>()
  /** A definition's JSON after its name, which is the list's own. */
  readonly #bodies = new WeakMap<Definition, string>()
  #characters = 0

  /** The items as JSON, without the brackets around them. */
  write(key: string, shown: readonly Shown[]): string {
    const kept = this.#kept.get(key)
    if (kept && isSame(kept.shown, shown)) return kept.text
    const text = shown.map((item) => this.#item(item)).join(',')
    this.#drop(key)
    this.#kept.set(key, { shown, text })
    this.#characters += text.length
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= MAX_CHARACTERS) break
      this.#drop(oldest)
    }
    return text
  }

  #drop(key: string): void {
    this.#characters -= this.#kept.get(key)?.text.length ?? 0
    this.#kept.delete(key)
  }

  #item({ definition, name }: Shown): string {
    if (definition.kind === 'template') return JSON.stringify(definition.body)
    let rest = this.#bodies.get(definition)
    if (rest === undefined) {
      const { name: _name, ...body } = definition.body
      const json = JSON.stringify(body)
      rest = json === '{}' ? '}' : `,${json.slice(1)}`
      this.#bodies.set(definition, rest)
    }
    return `{"name":${JSON.stringify(name)}${rest}`
  }
}

function isSame(one: readonly Shown[], other: readonly Shown[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) {
    const [a, b] = [one[at]!, other[at]!]
    if (a.definition !== b.definition || a.name !== b.name) return false
  }
  return true
}
