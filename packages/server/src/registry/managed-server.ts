import { DEFAULT_CONTENT, readsResults, type ContentSettings } from '@parley/contract'
import { scanDefinition, stripDefinition, type DefinitionFinding } from '../content-guard/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Upstream, UpstreamInfo } from '../upstream/index.ts'
import type { Catalog, Definition, DefinitionKind, ParamHeader, ServerEntry } from './catalog.ts'
import { checkDefinition, checkInstructions, nameOf, type SoundDefinition } from './check-definition.ts'
import { HashCache } from './hash-cache.ts'
import { readParamHeaders } from './read-param-headers.ts'
import { definitionKey } from './read-upstream.ts'
import type { DefinitionRow, ServerRow } from './registry-store.ts'

export type Health = 'connecting' | 'ready' | 'unreachable' | 'failing'

export interface ManagedServerEvents {
  /** A caller's list showed this, and it is not what is stored; it is hidden already. */
  onSighting(definition: SoundDefinition): void
  /** The catalog lost something before that is stored. */
  onHidden(): void
}

const EMPTY: Catalog = {
  version: 0,
  tools: new Map(),
  prompts: new Map(),
  templates: new Map(),
  instructions: undefined,
  resources: new Map(),
}
/** Names that are nowhere stored; they are hidden anyway, and only said to be held back. */
const MAX_STRANGERS = 5000
const INSTRUCTIONS_KEY = definitionKey('instructions', 'instructions')

/** One server in memory: its row, its definitions against their pins, and the snapshot that callers see. */
export class ManagedServer implements ServerEntry {
  readonly upstream: Upstream
  readonly #events: ManagedServerEvents
  readonly #hashes = new HashCache()
  row: ServerRow
  health: Health = 'connecting'
  lastError: string | undefined
  /** What the server said when it refused to be read without another credential. */
  challenge: string | undefined
  /** What the server said of itself when it was last read. */
  info: UpstreamInfo | undefined
  lastSeenAt: number | undefined
  catalog: Catalog = EMPTY
  content: ContentSettings = DEFAULT_CONTENT
  readsResults = false
  definitions: readonly DefinitionRow[] = []
  #rows = new Map<string, DefinitionRow>()
  /** Seen otherwise than approved and not yet stored so: hidden, whatever the rows say. */
  readonly #suspects = new Set<string>()
  #resources: ReadonlyMap<string, JsonObject> = new Map()
  readonly #findings = new WeakMap<DefinitionRow, readonly DefinitionFinding[]>()

  constructor(row: ServerRow, upstream: Upstream, events: ManagedServerEvents) {
    this.row = row
    this.upstream = upstream
    this.#events = events
  }

  get id(): string {
    return this.row.id
  }

  /** How many of its definitions wait for a review. */
  get heldBack(): number {
    return this.definitions.filter((row) => !row.gone && !isApproved(row)).length
  }

  get name(): string {
    return this.row.name
  }

  /** By `definitionKey`. */
  get rows(): ReadonlyMap<string, DefinitionRow> {
    return this.#rows
  }

  /** Takes effect with the next `refresh`. */
  setContent(content: ContentSettings): void {
    this.content = content
    this.readsResults = readsResults(content)
  }

  /** What a reviewer should look at in a definition. */
  findingsOf(row: DefinitionRow): readonly DefinitionFinding[] {
    let found = this.#findings.get(row)
    if (!found) this.#findings.set(row, (found = scanDefinition(row.body)))
    return found
  }

  /** The `x-mcp-header` annotations of an approved tool. */
  mirrored(tool: string): readonly ParamHeader[] {
    return this.catalog.tools.get(tool)?.paramHeaders ?? []
  }

  /** Takes over the definitions as they now are in the store, and swaps the snapshot whole. */
  refresh(definitions: readonly DefinitionRow[], resources?: ReadonlyMap<string, JsonObject>): void {
    this.definitions = definitions
    this.#rows = new Map(definitions.map((row) => [definitionKey(row.kind, row.name), row]))
    this.#resources = resources ?? this.#resources
    this.#swapCatalog()
  }

  /** Hides definitions at once: the store follows, and whether it can be written must not matter. */
  suspect(keys: Iterable<string>): void {
    let hides = false
    for (const key of keys) {
      if (this.#suspects.has(key)) continue
      const row = this.#rows.get(key)
      // What is stored always has its place, whatever a server invents besides.
      if (row === undefined && this.#suspects.size >= this.#rows.size + MAX_STRANGERS) continue
      this.#suspects.add(key)
      hides ||= row !== undefined && isApproved(row)
    }
    if (!hides) return
    this.#swapCatalog()
    this.#events.onHidden()
  }

  suspects(): string[] {
    return [...this.#suspects]
  }

  /** The store now says how these stand; takes effect with the next `refresh`. */
  settle(keys: Iterable<string>): void {
    for (const key of keys) this.#suspects.delete(key)
  }

  review(kind: 'tool' | 'prompt' | 'template', items: readonly unknown[]): readonly boolean[] {
    return items.map((item) => this.#reviewOne(kind, item))
  }

  reviewInstructions(text: string): boolean {
    const row = this.#rows.get(INSTRUCTIONS_KEY)
    // The usual case costs a comparison and no hash.
    if (row !== undefined && isApproved(row) && row.body['text'] === text) return true
    const checked = checkInstructions(text)
    return checked.kind === 'sound' && this.#hold(checked.definition)
  }

  standing(kind: 'tool' | 'prompt' | 'template', name: string): 'approved' | 'quarantined' | 'unknown' {
    const key = definitionKey(kind, name)
    if (this.#suspects.has(key)) return 'quarantined'
    const row = this.#rows.get(key)
    if (!row || row.gone) return 'unknown'
    return isApproved(row) ? 'approved' : 'quarantined'
  }

  #reviewOne(kind: 'tool' | 'prompt' | 'template', item: unknown): boolean {
    if (!isObject(item)) return false
    const name = nameOf(kind, item)
    if (typeof name !== 'string') return false
    const checked = this.#hashes.check(kind, item)
    const row = this.#rows.get(definitionKey(kind, name))
    if ('hash' in checked) {
      if (row !== undefined && isApproved(row) && row.hash === checked.hash) return true
    } else if (checked.kind === 'unusable') return false
    const full = 'hash' in checked ? checkDefinition(kind, item) : checked
    return full.kind === 'sound' && this.#hold(full.definition)
  }

  /** True when it is what was approved; otherwise it is hidden now and reported. */
  #hold(definition: SoundDefinition): boolean {
    if (!this.row.pinned) return false
    const key = definitionKey(definition.kind, definition.name)
    const row = this.#rows.get(key)
    const matches = row !== undefined && row.approvedHash === definition.hash
    if (!matches) this.suspect([key])
    if (row === undefined || row.hash !== definition.hash || row.gone) this.#events.onSighting(definition)
    return matches
  }

  #swapCatalog(): void {
    const approved = this.definitions.filter(
      (row) => isApproved(row) && !this.#suspects.has(definitionKey(row.kind, row.name)),
    )
    const of = (kind: DefinitionKind) =>
      new Map(
        approved.filter((row) => row.kind === kind).map((row) => [row.name, toDefinition(row, this.content)]),
      )
    const instructions = [...of('instructions').values()][0]?.body['text']
    this.catalog = {
      version: this.catalog.version + 1,
      tools: of('tool'),
      prompts: of('prompt'),
      templates: of('template'),
      instructions: typeof instructions === 'string' ? instructions : undefined,
      resources: this.#resources,
    }
  }
}

/** Offered exactly as it was approved. */
export function isApproved(row: DefinitionRow): boolean {
  return !row.gone && row.approvedHash !== null && row.approvedHash === row.hash
}

function toDefinition(row: DefinitionRow, { hidden }: ContentSettings): Definition {
  const found = row.kind === 'tool' ? readParamHeaders(row.body['inputSchema']) : undefined
  const paramHeaders = found?.kind === 'ok' ? found.headers : []
  const body = hidden === 'strip' ? stripDefinition(row.body) : row.body
  return { kind: row.kind, name: row.name, hash: row.hash, body, paramHeaders }
}
