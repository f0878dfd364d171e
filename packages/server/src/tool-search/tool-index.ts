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

/**
 * How often a word stands in each field, five bits for each: one number in place of an array, of which there are hundreds
 * of thousands. More than 31 times is 31 times, where the score has long been flat.
 */
type Counts = number
const BITS = 5
const MOST = 31

interface Entry<key> {
  readonly key: key
  /** Its place in the arrays of a search. */
  readonly place: number
  readonly counts: ReadonlyMap<string, Counts>
  readonly lengths: Float64Array
  readonly norms: Float64Array
  /** The state of the index that the norms are of. */
  normedAt: number
}

/**
 * Ranks tools by BM25F over names, titles, descriptions and the names and texts of their arguments. Tools come and go one
 * by one; a query visits only tools that share a word with it.
 */
export class ToolIndex<key> {
  readonly #entries = new Map<key, Entry<key>>()
  readonly #freed: number[] = []
  readonly #postings = new Map<string, Posting<key>>()
  #changes = 0
  readonly #totals = new Float64Array(FIELD_NAMES.length)

  get size(): number {
    return this.#entries.size
  }

  has(key: key): boolean {
    return this.#entries.has(key)
  }

  add(key: key, tool: SearchableTool): void {
    this.remove(key)
    const entry = { key, place: this.#freed.pop() ?? this.#entries.size, ...read(tool), normedAt: -1 }
    this.#entries.set(key, entry)
    for (const [at, length] of entry.lengths.entries()) this.#totals[at]! += length
    for (const [word, counts] of entry.counts) {
      const posting = this.#postings.get(word)
      if (posting) posting.counts.set(entry, counts)
      else this.#postings.set(word, { counts: new Map([[entry, counts]]), weighed: undefined })
    }
    this.#changes += 1
  }

  remove(key: key): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#freed.push(entry.place)
    this.#changes += 1
    for (const [at, length] of entry.lengths.entries()) this.#totals[at]! -= length
    for (const word of entry.counts.keys()) {
      const posting = this.#postings.get(word)!
      posting.counts.delete(entry)
      if (posting.counts.size === 0) this.#postings.delete(word)
    }
  }

  /** All that share a word with the query or with what it means, best first. */
  search(query: string): Hit<key>[] {
    return [...this.best(query)]
  }

  /** The same one by one, for whoever needs the first few: the others are then never put into order. */
  best(query: string): Iterable<Hit<key>> {
    const places = this.#entries.size + this.#freed.length
    const concepts = conceptsOf(query)
    const sums = new Float64Array(places)
    const met = new Uint8Array(places)
    // Of a word and those that mean the same only the best counts, so that a synonym never counts beside the word.
    const best = new Float64Array(places)
    const touched: Entry<key>[] = []
    for (const concept of concepts) {
      const rated: Entry<key>[] = []
      this.#rate([concept.word, ...concept.same], { best, rated, share: 1 })
      const share = concept.word === '' ? PHRASE_SHARE : MEANT_SHARE
      for (const word of concept.meant) this.#rate([word], { best, rated, share })
      for (const entry of rated) {
        const { place } = entry
        if (met[place] === 0) touched.push(entry)
        sums[place]! += best[place]!
        met[place]! += 1
        best[place] = 0
      }
    }
    return inOrder(
      touched.map(({ place, key }) => ({
        key,
        score: sums[place]! * (met[place]! / concepts.length) ** BREADTH,
      })),
    )
  }

  /** The first word counts in full, those beside it less, and all as rare as they are together. */
  #rate(words: readonly string[], rating: Rating<key>): void {
    const among = this.#among(words)
    if (among === 0) return
    const { best, rated, share } = rating
    const rarity = Math.log(1 + (this.#entries.size - among + 0.5) / (among + 0.5))
    for (const [at, word] of words.entries()) {
      const posting = this.#postings.get(word)
      if (!posting) continue
      const { entries, frequencies } = this.#weigh(posting)
      const weight = share * (at === 0 ? 1 : SAME_SHARE) * rarity * (SATURATION + 1)
      for (let index = 0; index < entries.length; index++) {
        const entry = entries[index]!
        const frequency = frequencies[index]!
        const score = (weight * frequency) / (frequency + SATURATION)
        const before = best[entry.place]!
        if (before === 0) rated.push(entry)
        if (score > before) best[entry.place] = score
      }
    }
  }

  /** How often the word stands in each tool, by what its places count; made once for each state of the index. */
  #weigh(posting: Posting<key>): Weighed<key> {
    if (posting.weighed?.weighedAt === this.#changes) return posting.weighed
    const entries = [...posting.counts.keys()]
    const frequencies = new Float64Array(entries.length)
    for (const [index, entry] of entries.entries())
      frequencies[index] = weighed(posting.counts.get(entry)!, this.#normsOf(entry))
    return (posting.weighed = { entries, frequencies, weighedAt: this.#changes })
  }

  /** How many tools have one of the words. */
  #among(words: readonly string[]): number {
    const postings = words.map((word) => this.#postings.get(word)).filter((posting) => posting !== undefined)
    if (postings.length <= 1) return postings[0]?.counts.size ?? 0
    const seen = new Uint8Array(this.#entries.size + this.#freed.length)
    let count = 0
    for (const posting of postings) {
      for (const { place } of posting.counts.keys()) {
        if (seen[place] === 0) count += 1
        seen[place] = 1
      }
    }
    return count
  }

  /** What one occurrence counts in each field of the tool: by the field's weight, against its usual length. */
  #normsOf(entry: Entry<key>): Float64Array {
    const { lengths, norms } = entry
    if (entry.normedAt === this.#changes) return norms
    entry.normedAt = this.#changes
    for (const [at, field] of FIELD_NAMES.entries()) {
      const { weight, lengthPenalty } = FIELDS[field]
      const usual = this.#totals[at]! / this.#entries.size
      norms[at] = usual === 0 ? 0 : weight / (1 - lengthPenalty + lengthPenalty * (lengths[at]! / usual))
    }
    return norms
  }
}

/** Takes the best off a heap, again and again. */
function* inOrder<key>(hits: Hit<key>[]): Iterable<Hit<key>> {
  for (let at = (hits.length >> 1) - 1; at >= 0; at--) sink(hits, at)
  while (hits.length > 0) {
    yield hits[0]!
    const last = hits.pop()!
    if (hits.length === 0) return
    hits[0] = last
    sink(hits, 0)
  }
}

function sink<key>(hits: Hit<key>[], from: number): void {
  const moved = hits[from]!
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= hits.length) break
    if (child + 1 < hits.length && hits[child + 1]!.score > hits[child]!.score) child += 1
    if (hits[child]!.score <= moved.score) break
    hits[at] = hits[child]!
    at = child
  }
  hits[at] = moved
}

function weighed(counts: Counts, norms: Float64Array): number {
  let sum = 0
  for (let at = 0, rest = counts; rest > 0; at++, rest >>>= BITS) sum += (rest & MOST) * norms[at]!
  return sum
}

interface Posting<key> {
  readonly counts: Map<Entry<key>, Counts>
  weighed: Weighed<key> | undefined
}

interface Weighed<key> {
  readonly entries: readonly Entry<key>[]
  /** As the entries. */
  readonly frequencies: Float64Array
  /** The state of the index that it is of. */
  readonly weighedAt: number
}

interface Rating<key> {
  /** By place; the best so far for the concept, 0 where none of its words stands. */
  readonly best: Float64Array
  readonly rated: Entry<key>[]
  readonly share: number
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

function read(tool: SearchableTool): Pick<Entry<unknown>, 'counts' | 'lengths' | 'norms'> {
  const schema = wordsOfSchema(tool.inputSchema)
  const words: Record<Field, readonly string[]> = {
    name: splitWords(tool.name),
    server: splitWords(tool.server),
    title: splitWords(tool.title ?? ''),
    description: splitWords(tool.description ?? ''),
    argumentNames: schema.names,
    argumentTexts: schema.texts,
  }
  const counts = new Map<string, Counts>()
  const lengths = new Float64Array(FIELD_NAMES.length)
  for (const [at, field] of FIELD_NAMES.entries()) {
    lengths[at] = words[field].length
    for (const word of words[field]) {
      const found = counts.get(word) ?? 0
      if (((found >>> (at * BITS)) & MOST) < MOST) counts.set(word, found + (1 << (at * BITS)))
    }
  }
  return { counts, lengths, norms: new Float64Array(FIELD_NAMES.length) }
}
