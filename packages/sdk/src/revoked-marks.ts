import type { Caller } from './caller.ts'
import { hashMark, revocationMarks } from './revocation-marks.ts'

/** No token of a hub lives longer, so what was revoked before is over by itself. */
const LONGEST_TOKEN_SECONDS = 3660

/** What a feed told, by hash: tokens that were issued until that second are dead. */
export class RevokedMarks {
  /** Counts what was new. */
  generation = 0
  /** The number of the last entry. */
  seq = 0
  readonly #until = new Map<string, number>()

  /** An answer to a question; true when something in it was new. */
  take({ seq, revocations }: Readonly<Record<string, unknown>>, nowMs: number): boolean {
    if (!Number.isSafeInteger(seq) || !Array.isArray(revocations))
      throw new Error('The feed has an unknown form.')
    const before = this.generation
    for (const entry of revocations as unknown[]) this.add(entry)
    // Also backwards: a hub that was restored from a backup counts on from there.
    this.seq = seq as number
    this.#forget(nowMs / 1000 - LONGEST_TOKEN_SECONDS)
    return this.generation !== before
  }

  add(entry: unknown): void {
    const { seq, hash, at } = entry as { seq?: unknown; hash?: unknown; at?: unknown }
    if (!Number.isSafeInteger(seq) || typeof hash !== 'string' || !Number.isSafeInteger(at)) {
      throw new Error('The feed has an entry of an unknown form.')
    }
    this.seq = seq as number
    if ((this.#until.get(hash) ?? -Infinity) >= (at as number)) return
    this.#until.set(hash, at as number)
    this.generation++
  }

  async watch(caller: Caller): Promise<() => boolean> {
    const hashes = await Promise.all(revocationMarks(caller).map(hashMark))
    const { iat } = caller.claims
    return () => hashes.some((hash) => (this.#until.get(hash) ?? -Infinity) >= iat)
  }

  #forget(before: number): void {
    for (const [hash, at] of this.#until) if (at < before) this.#until.delete(hash)
  }
}
