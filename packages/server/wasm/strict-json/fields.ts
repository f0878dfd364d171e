import { hashBytes, sameBytes } from './bytes'
import { LOOKALIKE, fail } from './fail'
import { isLookalike } from './host'
import { decodedLength, isKeyEscaped, keyHash, keyLength } from './keys'
import { FIELDS, FIELD_NAMES, SINK, SPANS, TEXT } from './memory'

// A table of 128 entries of 16 bytes, filled once by the host: hash, length and place, slot and inside, name.
const ENTRIES: u32 = 128
const ENTRY_BYTES: u32 = 16
const META: u32 = 3
const LONGEST_LOOKALIKE: u32 = 96

let namesEnd: u32 = FIELD_NAMES
/** The place that the value of the field found last is, if it is an object. */
export let inside: u32 = 0

/** Watches a field whose name the host has put at the start of the text. */
export function watchField(place: u32, length: u32, slot: u32, leadsTo: u32): void {
  memory.copy(namesEnd, TEXT, length)
  const hash = hashBytes(TEXT, length)
  let at = hash + place
  while (load<u32>(entry(at), 12) !== 0) at++
  store<u32>(entry(at), hash)
  store<u32>(entry(at), (length << 8) | place, 4)
  store<u32>(entry(at), (slot << 8) | leadsTo, 8)
  store<u32>(entry(at), <u32>namesEnd, 12)
  namesEnd += length
}

/**
 * Called for each member of a watched object when its key has been read. Answers where the end of the value is to be
 * noted, or 0 when the key must be refused.
 */
export function enterMember(place: u32, key: u32, value: u32): u32 {
  const length = keyLength
  const hash = keyHash
  inside = 0
  let at = hash + place
  // A field's name written with escapes is no field: it is refused below, as a lookalike.
  while (!isKeyEscaped) {
    const field = entry(at)
    const name = load<u32>(field, 12)
    if (name === 0) break
    if (load<u32>(field) === hash && load<u32>(field, 4) === ((length << 8) | place)) {
      if (sameBytes(name, key, length)) {
        const outcome = load<u32>(field, 8)
        inside = outcome & 0xff
        const span = SPANS + ((outcome >> 8) << 3)
        store<u32>(span, <u32>(value - TEXT))
        return span + 4
      }
    }
    at++
  }
  if (place !== META && length <= LONGEST_LOOKALIKE && mayResemble(place, key, decodedLength)) {
    const start = <u32>(key - TEXT)
    if (isLookalike(place, start, start + length)) return fail(LOOKALIKE, key)
  }
  return SINK
}

/** Leaves out the keys that surely resemble no field, so that the host is seldom asked. */
function mayResemble(place: u32, key: u32, length: u32): bool {
  for (let at: u32 = 0; at < length; at++) if (load<u8>(key + at) >= 0x80) return true
  for (let at: u32 = 0; at < ENTRIES; at++) {
    const name = load<u32>(entry(at), 12)
    if (name === 0 || load<u32>(entry(at), 4) !== ((length << 8) | place)) continue
    // In ASCII only case can differ.
    if (((load<u8>(name) ^ load<u8>(key)) | 0x20) === 0x20) return true
  }
  return false
}

function entry(at: u32): u32 {
  return FIELDS + (at & (ENTRIES - 1)) * ENTRY_BYTES
}
