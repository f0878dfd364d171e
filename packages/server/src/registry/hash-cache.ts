import { hash } from 'node:crypto'
import type { DefinitionKind } from './catalog.ts'
import { checkDefinition, type CheckedDefinition } from './check-definition.ts'

const MAX_ENTRIES = 4096

/**
 * What `checkDefinition` says of items that come again and again, as in every answer to `tools/list`. The key is a
 * digest of the item's JSON as it came, which costs a fraction of the canonical form. At most 4,096 digests are kept.
 */
export class HashCache {
  readonly #hashes = new Map<string, string>()

  /** The canonical hash of a sound definition, or the whole check when it is not yet known to be one. */
  check(kind: DefinitionKind, item: unknown): { readonly hash: string } | CheckedDefinition {
    const digest = kind + hash('sha256', JSON.stringify(item) ?? '', 'base64url')
    const known = this.#hashes.get(digest)
    if (known !== undefined) return { hash: known }
    const checked = checkDefinition(kind, item)
    if (checked.kind === 'sound' && checked.definition.violation === undefined) {
      if (this.#hashes.size >= MAX_ENTRIES) this.#hashes.clear()
      this.#hashes.set(digest, checked.definition.hash)
    }
    return checked
  }
}
