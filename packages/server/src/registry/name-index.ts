import { MERGED_NAME_SEPARATOR } from '@parley/contract'
import { nameSkeletons } from '../lib/name-skeleton.ts'

/** A tool's or prompt's name and the server that offers it. */
export interface OfferedName {
  readonly server: string
  readonly name: string
}

const PRINTABLE_ASCII = /^[\x21-\x7e]+$/

/** True for a name that is written with anything but ASCII letters, digits and signs. */
export function isDisguised(name: string): boolean {
  return !PRINTABLE_ASCII.test(name)
}

/** The names in use, by what they look like. */
export class NameIndex {
  readonly #bare = new Map<string, OfferedName[]>()
  readonly #merged = new Map<string, OfferedName[]>()

  add(offered: OfferedName): void {
    for (const skeleton of new Set(nameSkeletons(offered.name))) push(this.#bare, skeleton, offered)
    for (const skeleton of new Set(nameSkeletons(mergedName(offered)))) push(this.#merged, skeleton, offered)
  }

  /**
   * The name that `offered` could be taken for, or undefined. Refused are: another name of the same server with
   * the same look; a name that looks like another server's merged name (`github__send_email` offered by `notes`);
   * and a name in foreign letters that looks like another server's. The same plain name on two servers is none: the
   * prefix tells them apart, and no server's name can hold the separator's `_`.
   */
  lookalikeOf(offered: OfferedName): string | undefined {
    const disguised = isDisguised(offered.name)
    for (const skeleton of nameSkeletons(offered.name)) {
      for (const known of this.#bare.get(skeleton) ?? []) {
        if (known.server === offered.server && known.name !== offered.name) return known.name
        if (known.server !== offered.server && disguised && known.name !== offered.name)
          return mergedName(known)
      }
      const shadowed = this.#merged.get(skeleton)?.find((known) => known.server !== offered.server)
      if (shadowed) return mergedName(shadowed)
    }
    return undefined
  }
}

function mergedName(offered: OfferedName): string {
  return offered.server + MERGED_NAME_SEPARATOR + offered.name
}

function push(map: Map<string, OfferedName[]>, key: string, offered: OfferedName): void {
  const list = map.get(key)
  if (list) list.push(offered)
  else map.set(key, [offered])
}
