import type { JsonObject } from '../lib/json-rpc.ts'
import type { Upstream, UpstreamInfo } from '../upstream/index.ts'
import type { Catalog, Definition, DefinitionKind, ParamHeader, ServerEntry } from './catalog.ts'
import { nameOf, readDefinition } from './definitions.ts'
import { readParamHeaders } from './read-param-headers.ts'
import { toInstructions } from './read-upstream.ts'
import type { DefinitionRow, ServerRow } from './registry-store.ts'

export type Health = 'connecting' | 'ready' | 'unreachable' | 'failing'

const EMPTY: Catalog = {
  version: 0,
  tools: new Map(),
  prompts: new Map(),
  templates: new Map(),
  instructions: undefined,
  resources: new Map(),
}

/** One server in memory: its row, its definitions against their pins, and the snapshot that callers see. */
export class ManagedServer implements ServerEntry {
  readonly upstream: Upstream
  readonly onUnknown: (definition: Definition) => void
  row: ServerRow
  health: Health = 'connecting'
  lastError: string | undefined
  /** What the server said of itself when it was last read. */
  info: UpstreamInfo | undefined
  lastSeenAt: number | undefined
  catalog: Catalog = EMPTY
  definitions: readonly DefinitionRow[] = []
  #states = new Map<string, DefinitionRow>()
  #resources: ReadonlyMap<string, JsonObject> = new Map()

  /** `onUnknown` hears of a definition that a caller's list showed and nobody has approved. */
  constructor(row: ServerRow, upstream: Upstream, onUnknown: (definition: Definition) => void) {
    this.row = row
    this.upstream = upstream
    this.onUnknown = onUnknown
  }

  get id(): string {
    return this.row.id
  }

  get name(): string {
    return this.row.name
  }

  /** The `x-mcp-header` annotations of an approved tool. */
  mirrored(tool: string): readonly ParamHeader[] {
    return this.catalog.tools.get(tool)?.paramHeaders ?? []
  }

  /** Takes over the definitions as they now are in the store, and swaps the snapshot whole. */
  refresh(
    definitions: readonly DefinitionRow[],
    resources: ReadonlyMap<string, JsonObject> | undefined,
  ): void {
    this.definitions = definitions
    this.#states = new Map(definitions.map((row) => [`${row.kind} ${row.name}`, row]))
    this.#resources = resources ?? this.#resources
    const of = (kind: DefinitionKind) =>
      new Map(
        definitions
          .filter((row) => row.kind === kind && isApproved(row))
          .map((row) => [row.name, toDefinition(row)]),
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

  review(kind: 'tool' | 'prompt' | 'template', items: readonly unknown[]): readonly boolean[] {
    return items.map((item) => {
      const name = nameOf(kind, item)
      const row = name === undefined ? undefined : this.#states.get(`${kind} ${name}`)
      const definition = readDefinition(kind, item)
      if (!definition) return false
      if (row?.approvedHash === definition.hash) return true
      if (row?.hash !== definition.hash) this.onUnknown(definition)
      return false
    })
  }

  reviewInstructions(text: string): boolean {
    return this.#states.get('instructions instructions')?.approvedHash === toInstructions(text).hash
  }

  standing(kind: 'tool' | 'prompt' | 'template', name: string): 'approved' | 'quarantined' | 'unknown' {
    const row = this.#states.get(`${kind} ${name}`)
    if (!row || row.gone) return 'unknown'
    return isApproved(row) ? 'approved' : 'quarantined'
  }
}

/** Offered exactly as it was approved. */
export function isApproved(row: DefinitionRow): boolean {
  return !row.gone && row.approvedHash !== null && row.approvedHash === row.hash
}

function toDefinition(row: DefinitionRow): Definition {
  const params = row.kind === 'tool' ? readParamHeaders(row.body['inputSchema']) : []
  return {
    kind: row.kind,
    name: row.name,
    hash: row.hash,
    body: row.body,
    paramHeaders: Array.isArray(params) ? params : [],
  }
}
