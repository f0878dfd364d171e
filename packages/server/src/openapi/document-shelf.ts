import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import { MAX_DOCUMENT_BYTES, documentTooLarge, versionOf, type LoadedDocument } from './document-source.ts'
import { OpenApiStore } from './openapi-store.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

export interface ShelfTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
}

/** The documents of servers that are kept in the hub: from a URL, or sent to the API. The last ten versions each. */
export class DocumentShelf {
  readonly #tools: ShelfTools
  readonly #rows: OpenApiStore

  constructor(tools: ShelfTools) {
    this.#tools = tools
    this.#rows = new OpenApiStore(tools.store)
  }

  /** What is known of the version that was kept last. */
  stamp(serverId: string): { readonly hash: string; readonly etag: string | null } | undefined {
    return this.#rows.stamp(serverId)
  }

  async latest(serverId: string): Promise<LoadedDocument | undefined> {
    const kept = this.#rows.latest(serverId)
    if (!kept) return undefined
    return { version: kept.hash, bytes: await expand(kept.body, { maxOutputLength: MAX_DOCUMENT_BYTES }) }
  }

  /** What puts a document on the shelf, for the unit of whoever changes the server. */
  async statements(serverId: string, bytes: Buffer, etag: string | null = null): Promise<Statement[]> {
    if (bytes.length > MAX_DOCUMENT_BYTES) throw documentTooLarge()
    const document = { hash: versionOf(bytes), body: await compress(bytes), etag }
    return this.#rows.keep(serverId, document, this.#tools.clock.now())
  }

  /** Keeps a version that was fetched, with its record. */
  async keep(
    server: { readonly id: string; readonly name: string },
    bytes: Buffer,
    etag: string | null,
  ): Promise<void> {
    const { store, activity } = this.#tools
    const statements = await this.statements(server.id, bytes, etag)
    const note = `${server.name}: OpenAPI document of ${bytes.length} bytes, ${versionOf(bytes)}`
    const record = recordOf(this.#tools, { action: 'server.document', subject: 'hub', note })
    await store.submit([...statements, activity.statement(record)])
  }
}
