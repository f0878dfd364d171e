import { SURROGATE, SYNTAX, fail } from './fail'

const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c
/** The bits of " and / below 64, and of \ b f n r t from 64 on (RFC 8259 §7). */
const ESCAPES_LOW: u64 = (1 << 0x22) | (1 << 0x2f)
const ESCAPES_HIGH: u64 = (1 << 0x1c) | (1 << 0x22) | (1 << 0x26) | (1 << 0x2e) | (1 << 0x32) | (1 << 0x34)

const LAST_OF_BLOCK: u32 = 1 << 15

/** Whether the last text read holds an escape. */
export let escaped: bool = false

/** One bit for each of the 16 bytes that may end a run of plain characters: quote, backslash, control. */
export function stops(at: u32): u32 {
  return i8x16.bitmask(stopping(v128.load(at)))
}

function stopping(block: v128): v128 {
  const control = i8x16.eq(i8x16.min_u(block, i8x16.splat(0x1f)), block)
  const special = v128.or(i8x16.eq(block, i8x16.splat(0x22)), i8x16.eq(block, i8x16.splat(0x5c)))
  return v128.or(control, special)
}

/**
 * Reads on in a string from one of its characters, whose block has these stops; answers the address behind the
 * closing quote, or 0.
 */
export function readText(from: u32, stopsThere: u32): u32 {
  let at = from
  let mask = stopsThere
  escaped = false
  while (true) {
    while (mask !== 0) {
      const stop = at + <u32>ctz(mask)
      const byte = <u32>load<u8>(stop)
      if (byte === QUOTE) return stop + 1
      if (byte !== BACKSLASH) return fail(SYNTAX, stop)
      escaped = true
      if (isPlainEscape(load<u8>(stop, 1))) {
        // Both bytes are done with; the second may be the first one of the next block.
        const low = mask & (~mask + 1)
        mask &= ~(low * 3)
        if (low !== LAST_OF_BLOCK) continue
        at += 17
      } else {
        at = readUnicodeEscape(stop)
        if (at === 0) return 0
      }
      mask = stops(at)
    }
    at += 16
    while (!isStopping64(at)) at += 64
    mask = stops(at)
  }
}

function isStopping64(at: u32): bool {
  const first = v128.or(stopping(v128.load(at)), stopping(v128.load(at, 16)))
  const second = v128.or(stopping(v128.load(at, 32)), stopping(v128.load(at, 48)))
  return v128.any_true(v128.or(first, second))
}

function isPlainEscape(byte: u32): bool {
  const allowed = byte < 64 ? ESCAPES_LOW : byte < 128 ? ESCAPES_HIGH : 0
  return ((allowed >> <u64>(byte & 63)) & 1) !== 0
}

/** Reads `\u` and its digits, or the two of a surrogate pair; answers the address behind it, or 0. */
function readUnicodeEscape(at: u32): u32 {
  const unit = codeUnit(at)
  if (unit < 0) return fail(SYNTAX, at)
  if (unit < 0xd800 || unit > 0xdfff) return at + 6
  if (unit > 0xdbff || <u32>load<u16>(at, 6) !== 0x755c) return fail(SURROGATE, at)
  const low = codeUnit(at + 6)
  if (low < 0) return fail(SYNTAX, at + 6)
  if (low < 0xdc00 || low > 0xdfff) return fail(SURROGATE, at)
  return at + 12
}

/** The value of the four digits of the escape at this address, or -1. */
export function codeUnit(at: u32): i32 {
  if (load<u8>(at, 1) !== 0x75) return -1
  let unit: i32 = 0
  for (let digit: u32 = 2; digit < 6; digit++) {
    const byte = <u32>load<u8>(at + digit)
    const letter = (byte | 0x20) - 0x61
    if (byte - 0x30 < 10) unit = (unit << 4) | <i32>(byte - 0x30)
    else if (letter < 6) unit = (unit << 4) | <i32>(letter + 10)
    else return -1
  }
  return unit
}
