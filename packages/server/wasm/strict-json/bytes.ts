/** Sixteen bytes of ones and then of zeros: read from 16 - n, its first n bytes are ones. */
const MASKS = memory.data<u64>([-1, -1, 0, 0])

/** Whether two runs of bytes are the same. Reads up to 15 bytes beyond each. */
export function sameBytes(one: u32, other: u32, length: u32): bool {
  let rest = length
  while (rest > 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(one), v128.load(other))) !== 0xffff) return false
    one += 16
    other += 16
    rest -= 16
  }
  const same = i8x16.bitmask(i8x16.eq(v128.load(one), v128.load(other)))
  return (~same & ((1 << rest) - 1)) === 0
}

/** A hash to tell keys apart quickly. Whoever tries finds collisions, so nothing may depend on their absence. */
export function hashBytes(from: u32, length: u32): u32 {
  let hash: u64 = (<u64>length + 1) * 0x9e3779b97f4a7c15
  let rest = length
  while (rest > 16) {
    hash = mix(hash, load<u64>(from), load<u64>(from, 8))
    from += 16
    rest -= 16
  }
  const last = v128.and(v128.load(from), v128.load(MASKS + (16 - rest)))
  hash = mix(hash, v128.extract_lane<u64>(last, 0), v128.extract_lane<u64>(last, 1))
  return <u32>(hash >> 32)
}

function mix(hash: u64, low: u64, high: u64): u64 {
  const folded = (hash ^ low) * 0xff51afd7ed558ccd
  return (folded ^ (folded >> 29) ^ high) * 0xc4ceb9fe1a85ec53
}
