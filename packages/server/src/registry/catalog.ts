import type { ContentSettings } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Upstream } from '../upstream/index.ts'

/** The kinds of definition that are pinned. Resources are data, not definitions, and are not. */
export type DefinitionKind = 'tool' | 'prompt' | 'template' | 'instructions'

/** An approved definition as the upstream gave it. */
export interface Definition {
  readonly kind: DefinitionKind
  /** A tool's or prompt's name, a template's `uriTemplate`, `instructions` for the instructions. */
  readonly name: string
  /** Base64url SHA-256 of its canonical JSON (RFC 8785). */
  readonly hash: string
  readonly body: JsonObject
  /** A tool's `x-mcp-header` annotations: header name (lower case, without `mcp-param-`) and property path. */
  readonly paramHeaders: readonly ParamHeader[]
}

export interface ParamHeader {
  readonly header: string
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

/** An immutable snapshot of what is approved on one server; replaced whole when anything changes. */
export interface Catalog {
  readonly version: number
  readonly tools: ReadonlyMap<string, Definition>
  readonly prompts: ReadonlyMap<string, Definition>
  readonly templates: ReadonlyMap<string, Definition>
  readonly instructions: string | undefined
  /** Resources as last listed by the registry, for routing URIs on the merged endpoint: uri → the resource. */
  readonly resources: ReadonlyMap<string, JsonObject>
}

/** A server that callers may reach: approved, with its catalog. */
export interface ServerEntry {
  readonly id: string
  readonly name: string
  readonly upstream: Upstream
  readonly catalog: Catalog
  /** What is looked for in what it offers and answers. */
  readonly content: ContentSettings
  /** Whether its answers must be read for that: they are not passed on as bytes then. */
  readonly readsResults: boolean
  /**
   * Holds definitions just received from the upstream against the pins, synchronously: `true` at index i when item i
   * is approved exactly as it stands. New and changed ones are quarantined (stored and recorded in the background).
   */
  review(kind: 'tool' | 'prompt' | 'template', items: readonly unknown[]): readonly boolean[]
  /** The same for the instructions: true when they are the approved ones. */
  reviewInstructions(text: string): boolean
  /** `quarantined` when a definition of that name is held back, `unknown` when none was ever seen. */
  standing(kind: 'tool' | 'prompt' | 'template', name: string): 'approved' | 'quarantined' | 'unknown'
}

export interface Registry extends AsyncDisposable {
  /** Bumped whenever any server or catalog changes. */
  readonly version: number
  /** Approved servers in name order, reachable or not. */
  entries(): readonly ServerEntry[]
  entry(name: string): ServerEntry | undefined
  /** Called after a catalog or the set of servers changed; returns the unsubscriber. */
  onChange(listener: (change: CatalogChange) => void): () => void
}

export interface CatalogChange {
  readonly server: string
  readonly tools: boolean
  readonly prompts: boolean
  readonly resources: boolean
}
