import { hashBytes, sameBytes } from './bytes'
import { decodeText } from './decode'
import { DUPLICATE, PROTO, PROTOTYPE, fail } from './fail'
import { addKey, openKeySet } from './host'
import { LARGE, LEDGER, LEDGER_KEYS } from './memory'
import { escaped, readText, stops } from './text'

export const IS_CONSTRUCTOR: u32 = 2
export const UNDER_CONSTRUCTOR: u32 = 4
/** The object has more keys than its ledger holds. */
export const IS_LARGE: u32 = 8
/** The object's keys are held by the host. */
export const IS_SET: u32 = 16
/** The object's keys must not be recognised again. */
export const IS_SPECIAL: u32 = 32

const MOST_PROBES: u32 = 128
const FIRST_TABLE: u32 = 128

let keysEnd: u32 = 0
let tablesEnd: u32 = 0
/** The innermost object's flags, as the last key has left them. */
export let keyFlags: u32 = 0
/** The last key as it is written: how long it is, whether with escapes. */
export let keyLength: u32 = 0
export let isKeyEscaped: bool = false
/** Length and hash of the last key, decoded. */
export let decodedLength: u32 = 0
export let keyHash: u32 = 0

export function resetKeys(keys: u32, tables: u32): void {
  keysEnd = keys
  tablesEnd = tables
}

/**
 * Reads a key from its quote and adds it to the object of this level, as its `count`th; answers the address behind
 * it, or 0. A key with escapes is decoded where it stands, so that keys are always compared as what they mean.
 */
export function readKey(quote: u32, level: u32, count: u32, flags: u32): u32 {
  const start = quote + 1
  const end = readText(start, stops(start))
  if (end === 0) return 0
  let length = end - 1 - start
  keyFlags = flags & ~IS_CONSTRUCTOR
  keyLength = length
  isKeyEscaped = escaped
  if (escaped) {
    keyFlags |= IS_SPECIAL
    length = decodeText(start, length)
  }
  const hash = hashBytes(start, length)
  decodedLength = length
  keyHash = hash
  if (!admitName(start, length)) return 0
  if (count >= LEDGER_KEYS) {
    if (count === LEDGER_KEYS) openLarge(level)
    return addToLarge(level, hash, start, length) ? end : 0
  }
  if (isInLedger(level, count, hash, start, length)) return fail(DUPLICATE, start)
  const entry = level + LEDGER + (count << 3)
  store<u32>(level + (count << 2), hash)
  store<u32>(entry, quote)
  store<u32>(entry, length + 3, 4)
  if (load<u8>(end) !== 0x3a) keyFlags |= IS_SPECIAL
  return end
}

/** Forgets the keys of a large object that closes. */
export function closeLarge(level: u32): void {
  keysEnd = load<u32>(level, LARGE)
  tablesEnd = load<u32>(level, LARGE + 4)
}

/** Refuses `__proto__`, and `prototype` right inside `constructor`. */
function admitName(start: u32, length: u32): bool {
  if (length === 9) {
    const head = load<u64>(start)
    const last = load<u8>(start, 8)
    // "__proto_", "_" and "prototyp", "e", as little-endian words.
    if (head === 0x5f6f746f72705f5f && last === 0x5f) return fail(PROTO, start) !== 0
    if ((keyFlags & UNDER_CONSTRUCTOR) !== 0 && head === 0x7079746f746f7270 && last === 0x65)
      return fail(PROTOTYPE, start) !== 0
  } else if (length === 11) {
    // "construc" and "tructor".
    if (load<u64>(start) === 0x63757274736e6f63 && load<u64>(start, 3) === 0x726f746375727473)
      keyFlags |= IS_CONSTRUCTOR | IS_SPECIAL
  }
  return true
}

function isInLedger(level: u32, count: u32, hash: u32, start: u32, length: u32): bool {
  const wanted = i32x4.splat(hash)
  for (let at: u32 = 0; at < count; at += 4) {
    let found = <u32>i32x4.bitmask(i32x4.eq(v128.load(level + (at << 2)), wanted))
    while (found !== 0) {
      const index = at + ctz(found)
      const entry = level + LEDGER + (index << 3)
      if (index < count && load<u32>(entry, 4) === length + 3) {
        if (sameBytes(load<u32>(entry) + 1, start, length)) return true
      }
      found &= found - 1
    }
  }
  return false
}

// A large object has a list of its keys (12 bytes each: hash, start, length) and a table of places in that list. Only
// the innermost object grows, so its list and its table stand last in their rooms and close with it.

function openLarge(level: u32): void {
  store<u32>(level, keysEnd, LARGE)
  store<u32>(level, tablesEnd, LARGE + 4)
  for (let at: u32 = 0; at < LEDGER_KEYS; at++) {
    const entry = level + LEDGER + (at << 3)
    pushKey(load<u32>(level + (at << 2)), load<u32>(entry) + 1, load<u32>(entry, 4) - 3)
  }
  makeTable(level, FIRST_TABLE)
  keyFlags |= IS_LARGE | IS_SPECIAL
}

function pushKey(hash: u32, start: u32, length: u32): void {
  store<u32>(keysEnd, hash)
  store<u32>(keysEnd, start, 4)
  store<u32>(keysEnd, length, 8)
  keysEnd += 12
}

function makeTable(level: u32, places: u32): void {
  const table = load<u32>(level, LARGE + 4)
  memory.fill(table, 0, places << 2)
  tablesEnd = table + (places << 2)
  store<u32>(level, places, LARGE + 8)
  for (let key = load<u32>(level, LARGE); key < keysEnd; key += 12) {
    let at = load<u32>(key)
    while (load<u32>(table + ((at & (places - 1)) << 2)) !== 0) at++
    store<u32>(table + ((at & (places - 1)) << 2), key)
  }
}

function addToLarge(level: u32, hash: u32, start: u32, length: u32): bool {
  if ((keyFlags & IS_SET) !== 0) return addToSet(level, start, length)
  const table = load<u32>(level, LARGE + 4)
  const places = load<u32>(level, LARGE + 8)
  let at = hash
  let probes: u32 = 0
  while (true) {
    const key = load<u32>(table + ((at & (places - 1)) << 2))
    if (key === 0) break
    if (
      load<u32>(key) === hash &&
      load<u32>(key, 8) === length &&
      sameBytes(load<u32>(key, 4), start, length)
    )
      return fail(DUPLICATE, start) !== 0
    if (++probes === MOST_PROBES) {
      moveToSet(level)
      return addToSet(level, start, length)
    }
    at++
  }
  store<u32>(table + ((at & (places - 1)) << 2), keysEnd)
  pushKey(hash, start, length)
  if ((keysEnd - load<u32>(level, LARGE)) / 12 > places >> 1) makeTable(level, places << 1)
  return true
}

// Keys can be made to collide; the host's set, whose hashes nobody can foresee, then bounds the work.

function moveToSet(level: u32): void {
  openKeySet(level)
  for (let key = load<u32>(level, LARGE); key < keysEnd; key += 12) {
    const start = load<u32>(key, 4)
    addKey(level, start, start + load<u32>(key, 8))
  }
  keyFlags |= IS_SET
}

function addToSet(level: u32, start: u32, length: u32): bool {
  return addKey(level, start, start + length) || fail(DUPLICATE, start) !== 0
}
