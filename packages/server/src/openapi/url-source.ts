import { ParleyError, toParleyError } from '@parley/contract'
import type { Outlet, OutletResponse } from '../egress/index.ts'
import type { DocumentShelf } from './document-shelf.ts'
import { versionOf, type DocumentSource, type LoadedDocument } from './document-source.ts'

export interface UrlSourceOptions {
  readonly server: { readonly id: string; readonly name: string }
  /** Path and query of the document; the origin is the outlet's. */
  readonly path: string
  readonly outlet: Outlet
  readonly shelf: DocumentShelf
}

const MAX_ETAG_LENGTH = 256
const ACCEPT = 'application/vnd.oai.openapi+json, application/json, application/yaml;q=0.9, */*;q=0.5'

/**
 * A document at a URL. Every version is kept, so that a hub starts with the last one when it cannot be fetched, and says
 * so. Nothing of the hub's is sent with the request.
 */
export function createUrlSource({ server, path, outlet, shelf }: UrlSourceOptions): DocumentSource {
  return {
    async load(known, signal) {
      const kept = shelf.stamp(server.id)
      let response: OutletResponse
      try {
        response = await fetchDocument(kept?.etag ?? null, signal)
      } catch (error) {
        if (known !== undefined || !kept) throw error
        const latest = await shelf.latest(server.id)
        if (!latest) throw error
        return {
          ...latest,
          note: `The document is the last one that was fetched: ${toParleyError(error).message}`,
        }
      }
      // RFC 9110 §15.4.5: what is kept is still right.
      if (response.status === 304 && kept) return kept.hash === known ? undefined : shelf.latest(server.id)
      return take(response, { known, kept: kept?.hash })
    },
    close: () => outlet.destroy(),
  }

  async function fetchDocument(etag: string | null, signal: AbortSignal): Promise<OutletResponse> {
    const headers = { accept: ACCEPT, ...(etag === null ? {} : { 'if-none-match': etag }) }
    const response = await outlet.request({ method: 'GET', path, headers, signal })
    const { status } = response
    if (status === 200 || (status === 304 && etag !== null)) return response
    const { location } = response.headers
    const where =
      status >= 300 && status < 400 && location !== undefined
        ? ` to ${location.slice(0, 200)}; name that address`
        : ''
    throw new ParleyError(
      'upstream_unavailable',
      `The OpenAPI document could not be fetched: HTTP ${status}${where}.`,
    )
  }

  function take(
    { headers, body }: OutletResponse,
    { known, kept }: { known: string | undefined; kept: string | undefined },
  ): LoadedDocument | undefined {
    const version = versionOf(body)
    const { etag } = headers
    const usable = etag !== undefined && etag.length <= MAX_ETAG_LENGTH ? etag : null
    if (version === known) return undefined
    // Kept once it has proved to be usable: what a hub without network starts with must be.
    const accept = version === kept ? undefined : () => shelf.keep(server, body, usable)
    return { version, bytes: body, accept }
  }
}
