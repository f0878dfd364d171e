import { createHash } from 'node:crypto'
import type { Random } from './random.ts'

/** Repeatable bytes for tests: SHA-256 of the seed and a counter. Never for anything that must be secret. */
export function seededRandom(seed: string): Random {
  let counter = 0
  return {
    bytes(count) {
      const blocks = Array.from({ length: Math.ceil(count / 32) }, () =>
        createHash('sha256').update(`${seed}:${counter++}`).digest(),
      )
      return Buffer.concat(blocks).subarray(0, count)
    },
  }
}
