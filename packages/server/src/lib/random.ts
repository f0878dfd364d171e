import { randomBytes } from 'node:crypto'
import { ID_PREFIXES } from '@parley/contract'
import type { Id, IdKind } from '@parley/contract'
import type { Clock } from './clock.ts'

/** Unpredictable bytes, passed in so that a test can repeat a run. */
export interface Random {
  bytes(count: number): Uint8Array
}

/** The operating system's generator. */
export const systemRandom: Random = Object.freeze({ bytes: (count: number) => randomBytes(count) })

/** Makes ids in the form of `@parley/contract`. */
export type NewId = <kind extends IdKind>(kind: kind) => Id<kind>

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PAIRS = Array.from({ length: 1024 }, (_, bits) => BASE32.charAt(bits >> 5) + BASE32.charAt(bits & 31))
const RANDOM_BYTES_PER_ID = 10
const POOL_BYTES = 400 * RANDOM_BYTES_PER_ID

/**
 * Returns the maker of ids. The time in an id never steps back, even when the clock does; the 80 random bits are
 * fresh each time, so no id can be guessed from its neighbours (and ids of one millisecond have no order).
 */
export function createNewId(clock: Pick<Clock, 'now'>, random: Random): NewId {
  let timeMs = 0
  let timeText = ''
  let heads: Partial<Record<IdKind, string>> = {}
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0

  return function newId<kind extends IdKind>(kind: kind): Id<kind> {
    const now = Math.floor(clock.now())
    if (now > timeMs || timeText === '') {
      timeMs = Math.max(now, timeMs)
      timeText = encodeTime(timeMs)
      heads = {}
    }
    if (used + RANDOM_BYTES_PER_ID > pool.length) {
      pool = random.bytes(POOL_BYTES)
      used = 0
    }
    const tail = encodeFiveBytes(pool, used) + encodeFiveBytes(pool, used + 5)
    used += RANDOM_BYTES_PER_ID
    const head = (heads[kind] ??= `${ID_PREFIXES[kind]}_${timeText}`)
    return (head + tail) as Id<kind>
  }
}

/** 48 bits in ten characters, so that text order is time order. */
function encodeTime(timeMs: number): string {
  let text = ''
  for (let rest = timeMs, count = 0; count < 5; count++, rest = Math.floor(rest / 1024)) {
    text = pair(rest % 1024) + text
  }
  return text
}

function encodeFiveBytes(bytes: Uint8Array, at: number): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = [
    bytes[at],
    bytes[at + 1],
    bytes[at + 2],
    bytes[at + 3],
    bytes[at + 4],
  ]
  return (
    pair((a << 2) | (b >> 6)) +
    pair(((b & 63) << 4) | (c >> 4)) +
    pair(((c & 15) << 6) | (d >> 2)) +
    pair(((d & 3) << 8) | e)
  )
}

function pair(tenBits: number): string {
  return PAIRS[tenBits] ?? ''
}
