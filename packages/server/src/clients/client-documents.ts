import type { IncomingHttpHeaders } from 'node:http'
import type { AppId } from '@parley/contract'
import type { Egress } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import { parseStrict } from '../lib/strict-json/index.ts'
import type { ClientMetadata } from './client-metadata.ts'
import type { MetadataHosts } from './metadata-hosts.ts'
import { readDocument } from './rules/read-document.ts'

/** A client ID metadata document that was fetched and found right. */
export interface ClientDocument {
  readonly kind: 'document'
  /** What the app is called by us, if it gets a grant while the document is remembered. */
  readonly appId: AppId
  readonly metadata: ClientMetadata
  readonly fetchedAt: number
}

export type DocumentOutcome = ClientDocument | { readonly kind: 'refused'; readonly why: string }

export interface DocumentTools {
  readonly egress: Egress
  readonly hosts: MetadataHosts
  readonly clock: Clock
  readonly newId: NewId
  /** Documents that are remembered; the least used go first. */
  readonly capacity: number
  /** For the log: why a fetch failed in detail, which the caller must not learn. */
  readonly onRefused: (clientId: string, detail: string) => void
}

const MAX_FETCHES = 20
const MAX_FETCHES_PER_HOST = 2
const TTL_MS = { min: 5 * 60_000, max: 24 * 3_600_000 }
const JSON_TYPE = /^application\/(?:[a-z0-9.!#$&^_-]+\+)?json(?:[ \t]*;|$)/i

const UNREACHED = 'The client ID metadata document could not be fetched.'
const BUSY = 'Too many client ID metadata documents are being fetched. Try again.'

/**
 * Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): fetched once at a time, remembered as
 * long as their headers say within bounds. What failed or was wrong is never remembered.
 */
export class ClientDocuments {
  readonly #tools: DocumentTools
  readonly #known = new Map<string, { document: ClientDocument; until: number }>()
  readonly #fetching = new Map<string, Promise<DocumentOutcome>>()

  constructor(tools: DocumentTools) {
    this.#tools = tools
  }

  /** What is remembered of it, out of date or not. */
  peek(clientId: string): ClientDocument | undefined {
    return this.#known.get(clientId)?.document
  }

  get(clientId: string): Promise<DocumentOutcome> {
    const known = this.#known.get(clientId)
    if (known && known.until > this.#tools.clock.now()) {
      this.#remember(clientId, known)
      return Promise.resolve(known.document)
    }
    const running = this.#fetching.get(clientId)
    if (running) return running
    if (this.#isBusy(new URL(clientId).host)) return Promise.resolve({ kind: 'refused', why: BUSY })
    const fetching = this.#read(clientId).finally(() => this.#fetching.delete(clientId))
    this.#fetching.set(clientId, fetching)
    return fetching
  }

  /** Anybody can name any address, so few are fetched at a time, and fewer from one host. */
  #isBusy(host: string): boolean {
    if (this.#fetching.size >= MAX_FETCHES) return true
    const ofHost = [...this.#fetching.keys()].filter((url) => new URL(url).host === host)
    return ofHost.length >= MAX_FETCHES_PER_HOST
  }

  async #read(clientId: string): Promise<DocumentOutcome> {
    const { egress, hosts, clock, newId, onRefused } = this.#tools
    const url = new URL(clientId)
    try {
      const allowance = hosts.allowanceFor(url)
      const outlet = egress.open({ purpose: 'cimd', url: clientId, ...(allowance ? { allowance } : {}) })
      const response = await outlet
        .request({
          method: 'GET',
          path: url.pathname + url.search,
          headers: { accept: 'application/json' },
        })
        .finally(() => outlet.destroy())
      // The draft's Client Information Discovery: 200 alone is an answer, and a redirect is not followed.
      if (response.status !== 200) return this.#refuse(clientId, UNREACHED, `status ${response.status}`)
      if (!JSON_TYPE.test(response.headers['content-type'] ?? ''))
        return this.#refuse(clientId, UNREACHED, `type ${response.headers['content-type']}`)
      const read = readDocument(parseStrict(response.body), clientId)
      if (read.kind === 'problem') return this.#refuse(clientId, read.description, read.description)
      const now = clock.now()
      const appId = this.#known.get(clientId)?.document.appId ?? newId('app')
      const document: ClientDocument = { kind: 'document', appId, metadata: read.metadata, fetchedAt: now }
      this.#remember(clientId, { document, until: now + lifetimeMs(response.headers) })
      return document
    } catch (error) {
      onRefused(clientId, error instanceof Error ? `${error.message} ${detailOf(error)}` : 'unknown')
      this.#known.delete(clientId)
      return { kind: 'refused', why: UNREACHED }
    }
  }

  #refuse(clientId: string, why: string, detail: string): DocumentOutcome {
    this.#tools.onRefused(clientId, detail)
    this.#known.delete(clientId)
    return { kind: 'refused', why }
  }

  #remember(clientId: string, known: { document: ClientDocument; until: number }): void {
    this.#known.delete(clientId)
    this.#known.set(clientId, known)
    if (this.#known.size > this.#tools.capacity) this.#known.delete(this.#known.keys().next().value!)
  }
}

/** RFC 9111 §5.2.2.1 within our bounds, which the draft lets an authorization server set. */
function lifetimeMs(headers: IncomingHttpHeaders): number {
  const control = headers['cache-control'] ?? ''
  if (/(?:^|[,\s])no-(?:store|cache)(?:$|[,\s=])/i.test(control)) return TTL_MS.min
  const seconds = Number(/(?:^|[,\s])max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1] ?? 0)
  return Math.min(TTL_MS.max, Math.max(TTL_MS.min, seconds * 1000))
}

function detailOf(error: Error): string {
  return 'detail' in error && typeof error.detail === 'string' ? error.detail : ''
}
