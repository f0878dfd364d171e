import type { Registry, ServerEntry } from '../registry/index.ts'
import type { Catalog, Definition } from '../registry/index.ts'
import { ToolIndex } from '../tool-search/index.ts'

/** A tool that was found, as it stands in its server's catalog. */
export interface FoundTool {
  readonly entry: ServerEntry
  readonly definition: Definition
}

interface Indexed {
  readonly catalog: Catalog
  readonly tools: ReadonlyMap<string, FoundTool>
}

/**
 * All approved tools, to be searched. It is brought up to date at a search, and only with what has changed since: so hubs
 * where nobody searches pay nothing.
 */
export class SearchCatalog {
  readonly #registry: Pick<Registry, 'entries'>
  readonly #index = new ToolIndex<FoundTool>()
  readonly #servers = new Map<string, Indexed>()

  constructor(registry: Pick<Registry, 'entries'>) {
    this.#registry = registry
  }

  get size(): number {
    return this.#index.size
  }

  /** The best tools that are accepted, at most so many. */
  find(query: string, options: { limit: number; accepts: (tool: FoundTool) => boolean }): FoundTool[] {
    this.#update()
    const found: FoundTool[] = []
    for (const { key } of this.#index.best(query)) {
      if (found.length >= options.limit) break
      if (options.accepts(key)) found.push(key)
    }
    return found
  }

  #update(): void {
    const entries = this.#registry.entries()
    const there = new Set(entries.map(({ id }) => id))
    for (const [id, { tools }] of this.#servers) {
      if (there.has(id)) continue
      for (const tool of tools.values()) this.#index.remove(tool)
      this.#servers.delete(id)
    }
    for (const entry of entries) {
      const known = this.#servers.get(entry.id)
      if (known?.catalog !== entry.catalog) this.#servers.set(entry.id, this.#read(entry, known))
    }
  }

  #read(entry: ServerEntry, known: Indexed | undefined): Indexed {
    const { catalog } = entry
    const tools = new Map<string, FoundTool>()
    for (const definition of catalog.tools.values()) {
      const before = known?.tools.get(definition.name)
      if (before?.definition.hash === definition.hash && before.entry === entry)
        tools.set(definition.name, before)
      else tools.set(definition.name, this.#add({ entry, definition }))
    }
    for (const [name, tool] of known?.tools ?? []) if (tools.get(name) !== tool) this.#index.remove(tool)
    return { catalog, tools }
  }

  #add(tool: FoundTool): FoundTool {
    const { name, body } = tool.definition
    const textOf = (member: unknown) => (typeof member === 'string' ? member : undefined)
    this.#index.add(tool, {
      server: tool.entry.name,
      name,
      title: textOf(body['title']),
      description: textOf(body['description']),
      inputSchema: body['inputSchema'],
    })
    return tool
  }
}
