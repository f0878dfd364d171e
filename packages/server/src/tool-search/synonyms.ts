import { EVERYDAY_WORDS } from './everyday-words.ts'
import { SAME_WORDS } from './same-words.ts'
import { splitPlain, stemOf } from './split-words.ts'

export interface Synonyms {
  /** What is as good a word for it: how rare it is counts for all of them together. */
  readonly same: readonly string[]
  /** What tools call it. */
  readonly meant: readonly string[]
}

/** By stem, or by two stems with a space between. */
export const SYNONYMS: ReadonlyMap<string, Synonyms> = readSynonyms()

function readSynonyms(): Map<string, Synonyms> {
  const same = new Map<string, Set<string>>()
  const meant = new Map<string, Set<string>>()
  for (const line of SAME_WORDS.trim().split('\n')) {
    const stems = line.split(' ').map(stemOf)
    for (const stem of stems) add(same, stem, stems)
  }
  for (const line of EVERYDAY_WORDS.trim().split('\n')) {
    const [said = '', means = ''] = line.split(': ')
    for (const word of said.split(' '))
      add(meant, splitPlain(word.replaceAll('_', ' ')).join(' '), splitPlain(means))
  }
  const words = new Set([...same.keys(), ...meant.keys()])
  return new Map(
    [...words].map((word) => [
      word,
      { same: [...(same.get(word) ?? [])], meant: [...(meant.get(word) ?? [])] },
    ]),
  )
}

function add(to: Map<string, Set<string>>, from: string, stems: readonly string[]): void {
  const known = to.get(from) ?? new Set()
  for (const stem of stems) if (stem !== from) known.add(stem)
  to.set(from, known)
}
