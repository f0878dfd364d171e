import { MERGED_NAME_SEPARATOR } from '@parley/contract'
import type { OfferedName } from './name-index.ts'

const WORD = /[\p{L}\p{N}_.-]+/gu
const MAX_SCANNED_CHARACTERS = 65_536
const MIN_BARE_LENGTH = 6
/** `send_email`, `sendEmail`, `send-email`: names that do not occur in prose by chance. */
const COMPOUND = /[A-Za-z0-9][_.-][A-Za-z0-9]|[a-z][A-Z]/

/**
 * Finds names of other servers' tools in what a server says: an instruction about somebody else's tool is how one
 * server steers calls to another. Only a flag for the reviewer, since harmless texts do it too.
 */
export class MentionFinder {
  readonly #own = new Set<string>()
  readonly #merged = new Set<string>()
  readonly #bare = new Map<string, string>()

  constructor(server: string, offered: Iterable<OfferedName>) {
    for (const known of offered) {
      if (known.server === server) {
        this.#own.add(known.name)
        continue
      }
      const merged = known.server + MERGED_NAME_SEPARATOR + known.name
      this.#merged.add(merged)
      if (known.name.length >= MIN_BARE_LENGTH && COMPOUND.test(known.name))
        this.#bare.set(known.name, merged)
    }
  }

  /** The first such tool that a text names, as `server__tool`. */
  find(text: string): string | undefined {
    if (this.#merged.size === 0) return undefined
    for (const [word] of text.slice(0, MAX_SCANNED_CHARACTERS).matchAll(WORD)) {
      const bare = word.replace(/[.-]+$/, '')
      // A tool of its own by that very name is no excuse: it is held back for looking like the other.
      if (this.#merged.has(bare)) return bare
      const mention = this.#own.has(bare) ? undefined : this.#bare.get(bare)
      if (mention !== undefined) return mention
    }
    return undefined
  }
}
