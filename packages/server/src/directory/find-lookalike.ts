import { nameSkeletons } from '../lib/name-skeleton.ts'

/** Something that people know by a name: an agent, a server, a workload. */
export interface KnownName {
  /** As messages say it: `the agent "weather"`. */
  readonly what: string
  readonly names: readonly string[]
}

/**
 * What a card's own name could be taken for (H7). Case, letters of other alphabets, invisible characters and everything
 * between words count for nothing: `FinanceCorp_Agent` looks like `finance-corp-agent`.
 */
export function findLookalike(title: string, others: Iterable<KnownName>): string | undefined {
  const wanted = new Set(looks(title))
  if (wanted.has('')) return 'nothing: it has no name that can be read'
  for (const { what, names } of others) {
    if (names.some((name) => looks(name).some((look) => wanted.has(look)))) return what
  }
  return undefined
}

function looks(name: string): readonly string[] {
  return nameSkeletons(name).map((skeleton) => skeleton.replaceAll('_', ''))
}
