import { toParleyError } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { DocumentSource, Translation } from '../openapi/index.ts'
import type { UpstreamInfo } from './channel.ts'
import { KnownServer } from './known-server.ts'

export interface TranslatedDocumentOptions {
  readonly source: DocumentSource
  readonly translate: (bytes: Buffer, signal: AbortSignal) => Promise<Translation>
  readonly signal: AbortSignal
  readonly onLoaded: () => void
}

export interface Known {
  readonly version: string
  readonly note: string | undefined
  readonly translation: Translation
  readonly info: UpstreamInfo
}

/**
 * An OpenAPI document and what it comes to, translated anew when it has changed. One that can no longer be read leaves
 * the tools as they were, and says so in the notes.
 */
export class TranslatedDocument {
  readonly #options: TranslatedDocumentOptions
  readonly #server: KnownServer
  #known: Known | undefined
  #failure: string | undefined
  #loading: Promise<void> | undefined

  constructor(options: TranslatedDocumentOptions) {
    this.#options = options
    this.#server = new KnownServer(async () => (await this.current()).info)
  }

  /** What the server is; found out at the first use. */
  info(): Promise<UpstreamInfo> {
    return this.#known ? Promise.resolve(this.#known.info) : this.#server.find()
  }

  /** What calls go by: what was last listed. */
  get known(): Known | undefined {
    return this.#known
  }

  /** Looks whether the document has changed. Rejects when there never was a usable one. */
  async current(): Promise<Known> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    try {
      await this.#loading
    } catch (error) {
      if (!this.#known) throw error
      this.#failure = `The document cannot be read any more, and the tools are as they were: ${toParleyError(error).message}`
    }
    return this.#known!
  }

  notes(): readonly string[] {
    const known = this.#known
    if (!known) return []
    const own = [this.#failure, known.note].filter((note) => note !== undefined)
    return [...own, ...known.translation.omitted]
  }

  async #load(): Promise<void> {
    const { source, translate, signal, onLoaded } = this.#options
    const known = this.#known
    const loaded = await source.load(known?.version, signal)
    if (loaded) {
      const translation = await translate(loaded.bytes, signal)
      this.#known = { version: loaded.version, note: loaded.note, translation, info: describe(translation) }
      await loaded.accept?.()
    } else if (known) this.#known = { ...known, note: undefined }
    this.#failure = undefined
    onLoaded()
  }
}

function describe({ title, version }: Translation): UpstreamInfo {
  const capabilities: JsonObject = { tools: {} }
  const serverInfo = { name: title, version }
  return {
    era: '2026-07-28',
    revision: '2026-07-28',
    capabilities,
    serverInfo,
    instructions: undefined,
    discover: {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities,
      ttlMs: 60_000,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
    },
    initialize: undefined,
  }
}
