import type { ContentSettings } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { detect, redact, type Detector } from './detectors.ts'
import { stripHidden } from './hidden-text.ts'
import { PERSONAL, PERSONAL_HINT } from './personal-data.ts'
import { SECRETS, SECRET_HINT } from './secrets.ts'

/** What was found in a result, by kind. */
export interface ResultFinding {
  readonly about: 'secrets' | 'personal'
  readonly kind: string
  readonly count: number
  readonly redacted: boolean
}

export interface GuardedResult {
  readonly result: JsonObject
  readonly findings: readonly ResultFinding[]
  /** The result is larger than is looked through; what is beyond was not read. */
  readonly cutShort: boolean
}

type LookFor = Pick<ContentSettings, 'hidden' | 'personal' | 'secrets'>

/** Beyond it a result is passed on unread: looking through it would hold up everybody. */
const MAX_CHARACTERS = 4 * 1024 * 1024
/** No secret and no number of a person is shorter. */
const SHORTEST_MATCH = 6
const MAX_DEPTH = 64
/** Bytes written as text are no text, and what is sealed is nobody's to read. */
const BINARY = new Set(['data', 'blob', 'requestState'])

/**
 * Looks through every text of a result, content blocks, resources and structured content alike. A result in which nothing
 * is replaced stays the object it was.
 */
export function guardResult(result: JsonObject, settings: LookFor): GuardedResult {
  const walk = new Walk(settings)
  const guarded = walk.visit(result, 0) as JsonObject
  return { result: guarded, findings: walk.findings(), cutShort: walk.left < 0 }
}

class Walk {
  readonly #settings: LookFor
  readonly #counts = new Map<string, { about: ResultFinding['about']; kind: string; count: number }>()
  left = MAX_CHARACTERS

  constructor(settings: LookFor) {
    this.#settings = settings
  }

  findings(): ResultFinding[] {
    return [...this.#counts.values()].map((found) => ({
      ...found,
      redacted: this.#settings[found.about] === 'redact',
    }))
  }

  visit(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (depth > MAX_DEPTH) return value
    if (Array.isArray(value)) {
      const items = value.map((item) => this.visit(item, depth + 1))
      return items.every((item, at) => item === value[at]) ? value : items
    }
    if (!isObject(value)) return value
    let isSame = true
    const members = Object.entries(value).map(([key, member]) => {
      const seen = BINARY.has(key) && typeof member === 'string' ? member : this.visit(member, depth + 1)
      isSame &&= seen === member
      return [key, seen] as const
    })
    return isSame ? value : Object.fromEntries(members)
  }

  #text(text: string): string {
    this.left -= text.length
    if (this.left < 0) return text
    const { hidden, secrets, personal } = this.#settings
    let seen = hidden === 'strip' ? stripHidden(text) : text
    if (seen.length < SHORTEST_MATCH) return seen
    if (secrets !== 'off' && SECRET_HINT.test(seen)) seen = this.#look(seen, 'secrets', SECRETS)
    if (personal !== 'off' && PERSONAL_HINT.test(seen)) seen = this.#look(seen, 'personal', PERSONAL)
    return seen
  }

  #look(text: string, about: ResultFinding['about'], detectors: readonly Detector[]): string {
    const matches = detect(text, detectors)
    for (const { kind } of matches) {
      const found = this.#counts.get(kind)
      if (found) found.count += 1
      else this.#counts.set(kind, { about, kind, count: 1 })
    }
    return matches.length > 0 && this.#settings[about] === 'redact' ? redact(text, matches) : text
  }
}
