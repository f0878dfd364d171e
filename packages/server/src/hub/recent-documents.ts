import type { TaskDocument } from '../a2a/index.ts'
import type { Task } from '../tasks/index.ts'

const MAX_DOCUMENTS = 2000
const MAX_BYTES = 16 * 1024 * 1024

type Version = Pick<Task, 'id' | 'version' | 'keptBytes'>

interface Held extends Version {
  readonly document: TaskDocument
}

/**
 * What tasks hold that were asked for lately: reading one from the store means opening its seals. Good for the very
 * version that was read alone.
 */
export class RecentDocuments {
  /** Newer and older ones: the older go all at once. */
  #newer = new Map<string, Held>()
  #older = new Map<string, Held>()
  #newerBytes = 0

  find({ id, version, keptBytes }: Version): TaskDocument | undefined {
    const held = this.#newer.get(id) ?? this.#older.get(id)
    return held?.version === version && held.keptBytes === keptBytes ? held.document : undefined
  }

  keep({ id, version, keptBytes }: Version, document: TaskDocument): void {
    if (keptBytes > MAX_BYTES / 2) return
    this.#newer.set(id, { id, version, keptBytes, document })
    this.#newerBytes += keptBytes
    if (this.#newer.size < MAX_DOCUMENTS / 2 && this.#newerBytes < MAX_BYTES / 2) return
    this.#older = this.#newer
    this.#newer = new Map()
    this.#newerBytes = 0
  }
}
