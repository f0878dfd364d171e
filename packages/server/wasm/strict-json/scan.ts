import { sameBytes } from './bytes'
import { DEPTH, SYNTAX, fail, failure } from './fail'
import { enterMember, inside } from './fields'
import {
  FRAME,
  LEDGER,
  LEVELS,
  LEVEL_BYTES,
  MAX_DEPTH,
  PADDING_BYTES,
  PENDING,
  RECALL,
  SINK,
  SPANS,
  SPAN_SLOTS,
  TEXT,
} from './memory'
import { IS_CONSTRUCTOR, IS_LARGE, closeLarge, keyFlags, readKey, resetKeys } from './keys'
import { readNumber } from './number'
import { readText, stops } from './text'

export { watchField } from './fields'
export { ERROR_OFFSET, SPANS, SPAN_SLOTS, TEXT } from './memory'

// Flags of a level; those of its keys are in `keys.ts`.
const IS_OBJECT: u32 = 1
/** Three bits: the place of the current member's value, if that is an object. */
const INSIDE: u32 = 8
/** Three bits: the place of the object's members. */
const PLACE: u32 = 12
const PLACE_BITS: u32 = 7
const IS_ROOT: u32 = 1 << 16
/** Flags from here on are those of a level whose values' ends are of interest. */
const WATCHED: u32 = 1 << PLACE

const COMMA: u32 = 0x2c
const COLON: u32 = 0x3a
const QUOTE: u32 = 0x22
const OPEN_BRACE: u32 = 0x7b
const CLOSE_BRACKET: u32 = 0x5d

/**
 * Scans the text that the host has put at `TEXT`; `place` is 1 when the fields of a message are wanted. Answers 0,
 * or why the text is refused.
 *
 * An object's keys are first held against those of the object that closed at the same level before it: rows of data
 * repeat their keys, and one comparison then stands for reading, hashing and the search for duplicates.
 *
 * NOTE one long function: its four variables stay in registers, which halves the time of a scan.
 */
export function scan(length: u32, place: u32): u32 {
  prepare(length)
  let at = TEXT
  let level = LEVELS
  let flags = IS_ROOT | (place << INSIDE)
  let entry: u32 = 0
  while (true) {
    if ((flags & IS_OBJECT) !== 0) {
      if (load<u8>(at) !== QUOTE) {
        at = skipSpace(at)
        if (load<u8>(at) !== QUOTE) return refuse(at)
      }
      const key = at
      const size = load<u32>(entry, 4)
      if (entry < load<u32>(level, FRAME + 8) && sameBytes(at, load<u32>(entry), size)) {
        at += size
      } else {
        at = readKey(at, level, (entry - level - LEDGER) >> 3, flags)
        if (at === 0) return failure()
        store<u32>(level, 0, FRAME + 8)
        flags = keyFlags
        if (load<u8>(at) !== COLON) {
          at = skipSpace(at)
          if (load<u8>(at) !== COLON) return refuse(at)
        }
        at++
      }
      entry += 8
      if (load<u8>(at) <= 0x20) at = skipSpace(at)
      if (flags >= WATCHED) {
        const pending = enterMember((flags >> PLACE) & PLACE_BITS, key + 1, at)
        if (pending === 0) return failure()
        store<u32>(level, pending, PENDING)
        flags = (flags & ~(PLACE_BITS << INSIDE)) | (inside << INSIDE)
      }
    } else if (load<u8>(at) <= 0x20) {
      at = skipSpace(at)
    }

    const byte = <u32>load<u8>(at)
    if (byte === QUOTE) {
      const mask = stops(at + 1)
      const stop = at + 1 + ctz(mask)
      if (mask !== 0 && load<u8>(stop) === QUOTE) {
        at = stop + 1
      } else {
        at = readText(at + 1, mask)
        if (at === 0) return failure()
      }
    } else if ((byte | 0x20) === OPEN_BRACE) {
      if (level === LEVELS + MAX_DEPTH * LEVEL_BYTES) {
        fail(DEPTH, at)
        return failure()
      }
      store<u32>(level, flags, FRAME)
      store<u32>(level, entry, FRAME + 4)
      level += LEVEL_BYTES
      entry = level + LEDGER
      if (byte === OPEN_BRACE) {
        const members = (flags >> INSIDE) & PLACE_BITS
        flags = IS_OBJECT | ((flags & IS_CONSTRUCTOR) << 1) | (members << PLACE)
        store<u32>(level, flags === IS_OBJECT ? load<u32>(level, RECALL) : 0, FRAME + 8)
        store<u32>(level, SINK, PENDING)
      } else {
        flags &= IS_CONSTRUCTOR
      }
      at++
      if (load<u8>(at) <= 0x20) at = skipSpace(at)
      if (load<u8>(at) !== byte + 2) continue
    } else if (byte === 0x74) {
      if (load<u32>(at) !== 0x65757274) return refuse(at)
      at += 4
    } else if (byte === 0x66) {
      if (load<u32>(at, 1) !== 0x65736c61) return refuse(at)
      at += 5
    } else if (byte === 0x6e) {
      if (load<u32>(at) !== 0x6c6c756e) return refuse(at)
      at += 4
    } else {
      at = readNumber(at)
      if (at === 0) return failure()
    }

    // The loop below would do the same; a comma is what mostly comes.
    if (flags < WATCHED && load<u8>(at) === COMMA) {
      at++
      continue
    }
    while (true) {
      if (flags >= WATCHED) {
        if ((flags & IS_ROOT) !== 0) {
          at = skipSpace(at)
          return at === TEXT + length ? 0 : refuse(at)
        }
        store<u32>(load<u32>(level, PENDING), at - TEXT)
      }
      let after = <u32>load<u8>(at)
      if (after <= 0x20) {
        at = skipSpace(at)
        after = <u32>load<u8>(at)
      }
      if (after === COMMA) {
        at++
        break
      }
      if (after !== (CLOSE_BRACKET | ((flags & IS_OBJECT) << 5))) return refuse(at)
      at++
      if ((flags & IS_OBJECT) !== 0 && load<u32>(level, FRAME + 8) === 0) {
        store<u32>(level, flags === IS_OBJECT ? entry : 0, RECALL)
        if ((flags & IS_LARGE) !== 0) closeLarge(level)
      }
      level -= LEVEL_BYTES
      flags = load<u32>(level, FRAME)
      entry = load<u32>(level, FRAME + 4)
    }
  }
}

/** Forgets the scan before, and puts zeros behind the text. */
function prepare(length: u32): void {
  const end = TEXT + length
  for (let at = end; at < end + PADDING_BYTES; at += 16) v128.store(at, i64x2.splat(0))
  for (let at = SPANS; at < SPANS + (SPAN_SLOTS << 3); at += 16) v128.store(at, i64x2.splat(-1))
  for (let depth: u32 = 0; depth <= MAX_DEPTH; depth++) store<u32>(LEVELS + depth * LEVEL_BYTES, 0, RECALL)
  const room = (end + PADDING_BYTES + 15) & ~15
  resetKeys(room, room + length * 3)
}

function refuse(at: u32): u32 {
  fail(SYNTAX, at)
  return failure()
}

function skipSpace(from: u32): u32 {
  let at = from
  while (true) {
    const block = v128.load(at)
    const space = v128.or(
      v128.or(i8x16.eq(block, i8x16.splat(0x20)), i8x16.eq(block, i8x16.splat(0x0a))),
      v128.or(i8x16.eq(block, i8x16.splat(0x0d)), i8x16.eq(block, i8x16.splat(0x09))),
    )
    const mask = ~i8x16.bitmask(space) & 0xffff
    if (mask !== 0) return at + <u32>ctz(mask)
    at += 16
  }
}
