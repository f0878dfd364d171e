import { splitPlain, splitWords, wordsOfShapes } from './split-words.ts'
import { SYNONYMS, type Synonyms } from './synonyms.ts'
import { wordsOfSchema } from './words-of-schema.ts'

/** A tool as it is looked for. */
export interface SearchableTool {
  readonly server: string
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly inputSchema?: unknown
}

/** Found tools, best first. */
export interface Hit<key> {
  readonly key: key
  readonly score: number
}

/** How much a word counts by where it stands, and how much the length of that part matters (BM25F). */
const FIELDS = {
  name: { weight: 3, lengthPenalty: 0.5 },
  server: { weight: 2, lengthPenalty: 0 },
  title: { weight: 2, lengthPenalty: 0.3 },
  description: { weight: 1.5, lengthPenalty: 0.5 },
  argumentNames: { weight: 0.6, lengthPenalty: 0.7 },
  argumentTexts: { weight: 0.4, lengthPenalty: 0.7 },
} as const
type Field = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as Field[]

const SATURATION = 0.8
/** Another word for the same. */
const SAME_SHARE = 0.5
/** What tools may call it. */
const MEANT_SHARE = 0.7
/** What two words mean together is surer than what one may mean. */
const PHRASE_SHARE = 0.8
/** How much it counts that a tool meets many of the words rather than one of them well. */
const BREADTH = 0.2
const MAX_QUERY_WORDS = 32

interface Entry<key> {
  readonly key: key
  readonly counts: ReadonlyMap<string, Float64Array>
  readonly lengths: Float64Array
}

/**
 * Ranks tools by BM25F over names, titles, descriptions and the names and texts of their arguments. Tools come and go one
 * by one; a query visits only tools that share a word with it.
 */
export class ToolIndex<key> {
  readonly #entries = new Map<key, Entry<key>>()
  readonly #postings = new Map<string, Set<Entry<key>>>()
  readonly #totals = new Float64Array(FIELD_NAMES.length)

  get size(): number {
    return this.#entries.size
  }

  has(key: key): boolean {
    return this.#entries.has(key)
  }

  add(key: key, tool: SearchableTool): void {
    this.remove(key)
    const entry = read(key, tool)
    this.#entries.set(key, entry)
    for (const [at, length] of entry.lengths.entries()) this.#totals[at]! += length
    for (const word of entry.counts.keys()) {
      const posting = this.#postings.get(word)
      if (posting) posting.add(entry)
      else this.#postings.set(word, new Set([entry]))
    }
  }

  remove(key: key): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    for (const [at, length] of entry.lengths.entries()) this.#totals[at]! -= length
    for (const word of entry.counts.keys()) {
      const posting = this.#postings.get(word)!
      posting.delete(entry)
      if (posting.size === 0) this.#postings.delete(word)
    }
  }

  /** All that share a word with the query or with what it means, best first. */
  search(query: string): Hit<key>[] {
    const scores = new Map<Entry<key>, { sum: number; met: number }>()
    const concepts = conceptsOf(query)
    for (const concept of concepts) {
      // Of a word and those that mean the same only the best counts, so that a synonym never counts beside the word.
      const best = new Map<Entry<key>, number>()
      this.#rate([concept.word, ...concept.same], best)
      for (const word of concept.meant)
        this.#rate([word], best, concept.word === '' ? PHRASE_SHARE : MEANT_SHARE)
      for (const [entry, score] of best) {
        const rated = scores.get(entry)
        if (!rated) scores.set(entry, { sum: score, met: 1 })
        else {
          rated.sum += score
          rated.met += 1
        }
      }
    }
    return [...scores]
      .map(([{ key }, { sum, met }]) => ({ key, score: sum * (met / concepts.length) ** BREADTH }))
      .sort((one, other) => other.score - one.score)
  }

  /** The first word counts in full, those beside it less, and all as rare as they are together. */
  #rate(words: readonly string[], best: Map<Entry<key>, number>, share = 1): void {
    const postings = words.map((word) => this.#postings.get(word))
    const among = new Set(postings.flatMap((posting) => [...(posting ?? [])])).size
    if (among === 0) return
    const rarity = Math.log(1 + (this.#entries.size - among + 0.5) / (among + 0.5))
    for (const [at, posting] of postings.entries()) {
      const weight = share * (at === 0 ? 1 : SAME_SHARE)
      for (const entry of posting ?? []) {
        const frequency = this.#weighed(entry, words[at]!)
        const score = (weight * rarity * frequency * (SATURATION + 1)) / (frequency + SATURATION)
        if (score > (best.get(entry) ?? 0)) best.set(entry, score)
      }
    }
  }

  /** How often the word stands in the tool, by the weight of each field and against its usual length. */
  #weighed({ counts, lengths }: Entry<key>, word: string): number {
    const found = counts.get(word)!
    let sum = 0
    for (let at = 0; at < FIELD_NAMES.length; at++) {
      if (found[at] === 0) continue
      const { weight, lengthPenalty } = FIELDS[FIELD_NAMES[at]!]
      const usual = this.#totals[at]! / this.#entries.size
      sum += (weight * found[at]!) / (1 - lengthPenalty + lengthPenalty * (lengths[at]! / usual))
    }
    return sum
  }
}

interface Concept extends Synonyms {
  /** Empty for a phrase, whose words count by themselves too. */
  readonly word: string
}

const ALONE: Synonyms = { same: [], meant: [] }

/** For each word of the query, and each two that mean something together, what to look for. */
function conceptsOf(query: string): Concept[] {
  const words = [...new Set([...wordsOfShapes(query), ...splitWords(query)])].slice(0, MAX_QUERY_WORDS)
  const plain = splitPlain(query).slice(0, 2 * MAX_QUERY_WORDS)
  const pairs = new Set([...pairsOf(plain), ...pairsOf(words)])
  const phrases = [...pairs].map((pair) => SYNONYMS.get(pair))
  return [
    ...words.map((word) => ({ word, ...(SYNONYMS.get(word) ?? ALONE) })),
    ...phrases.filter((known) => known !== undefined).map((known) => ({ word: '', ...known })),
  ]
}

function pairsOf(words: readonly string[]): string[] {
  return words.slice(1).map((word, at) => `${words[at]!} ${word}`)
}

function read<key>(key: key, tool: SearchableTool): Entry<key> {
  const schema = wordsOfSchema(tool.inputSchema)
  const words: Record<Field, readonly string[]> = {
    name: splitWords(tool.name),
    server: splitWords(tool.server),
    title: splitWords(tool.title ?? ''),
    description: splitWords(tool.description ?? ''),
    argumentNames: schema.names,
    argumentTexts: schema.texts,
  }
  const counts = new Map<string, Float64Array>()
  const lengths = new Float64Array(FIELD_NAMES.length)
  for (const [at, field] of FIELD_NAMES.entries()) {
    lengths[at] = words[field].length
    for (const word of words[field]) {
      const found = counts.get(word) ?? new Float64Array(FIELD_NAMES.length)
      found[at]! += 1
      counts.set(word, found)
    }
  }
  return { key, counts, lengths }
}
