import { ParleyError } from '@parley/contract'
import type { DocumentShelf } from './document-shelf.ts'
import type { DocumentSource } from './document-source.ts'

/** The document that an administrator sent; it changes when they send another. */
export function createKeptSource(shelf: DocumentShelf, serverId: string): DocumentSource {
  return {
    async load(known) {
      if (known !== undefined && shelf.stamp(serverId)?.hash === known) return undefined
      const kept = await shelf.latest(serverId)
      if (kept) return kept
      throw new ParleyError(
        'upstream_invalid',
        'The OpenAPI document of this server is gone; add the server again.',
      )
    },
    close: () => Promise.resolve(),
  }
}
