import { INFINITE, SYNTAX, fail } from './fail'
import { isFinite } from './host'
import { TEXT } from './memory'

/** A number no longer than this, without an exponent, is below the largest double. */
const SAFE_LENGTH: u32 = 308

/** Reads a number (RFC 8259 §6); answers the address behind it, or 0. */
export function readNumber(from: u32): u32 {
  let at = from
  if (load<u8>(at) === 0x2d) at++
  const first = at
  while (isDigit(at)) at++
  if (at === first || (load<u8>(first) === 0x30 && at > first + 1)) return fail(SYNTAX, at)
  if (load<u8>(at) === 0x2e) {
    const fraction = ++at
    while (isDigit(at)) at++
    if (at === fraction) return fail(SYNTAX, at)
  }
  let suspect = at - from > SAFE_LENGTH
  if ((load<u8>(at) | 0x20) === 0x65) {
    at++
    if (load<u8>(at) === 0x2b || load<u8>(at) === 0x2d) at++
    const exponent = at
    while (isDigit(at)) at++
    if (at === exponent) return fail(SYNTAX, at)
    // Two digits of exponent after two hundred of mantissa end below 1e308.
    suspect = suspect || at - exponent > 2 || at - from > 200
  }
  if (suspect && !isFinite(<u32>(from - TEXT), <u32>(at - TEXT))) return fail(INFINITE, from)
  return at
}

function isDigit(at: u32): bool {
  return <u32>load<u8>(at) - 0x30 < 10
}
