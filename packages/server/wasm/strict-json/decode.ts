import { codeUnit } from './text'

/** Decodes the escapes of a string where it stands, which has been read without error; answers its new length. */
export function decodeText(start: u32, length: u32): u32 {
  const end = start + length
  let from = start
  let to = start
  while (from < end) {
    const byte = <u32>load<u8>(from)
    if (byte !== 0x5c) {
      store<u8>(to++, byte)
      from++
    } else if (load<u8>(from, 1) !== 0x75) {
      store<u8>(to++, meaningOf(load<u8>(from, 1)))
      from += 2
    } else {
      let point = <u32>codeUnit(from)
      from += 6
      if (point >= 0xd800 && point <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (<u32>codeUnit(from) - 0xdc00)
        from += 6
      }
      to = writeUtf8(to, point)
    }
  }
  return to - start
}

/** What the letter of an escape stands for (RFC 8259 §7). */
function meaningOf(letter: u32): u32 {
  if (letter === 0x62) return 0x08
  if (letter === 0x66) return 0x0c
  if (letter === 0x6e) return 0x0a
  if (letter === 0x72) return 0x0d
  if (letter === 0x74) return 0x09
  return letter
}

function writeUtf8(to: u32, point: u32): u32 {
  if (point < 0x80) {
    store<u8>(to, point)
    return to + 1
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6))
    return writeTail(to + 1, point, 0)
  }
  if (point < 0x10000) {
    store<u8>(to, 0xe0 | (point >> 12))
    return writeTail(to + 1, point, 6)
  }
  store<u8>(to, 0xf0 | (point >> 18))
  return writeTail(to + 1, point, 12)
}

/** Writes the continuation bytes of a code point, the first with the six bits from `shift` on. */
function writeTail(to: u32, point: u32, shift: i32): u32 {
  for (let bits = shift; bits >= 0; bits -= 6) store<u8>(to++, 0x80 | ((point >> bits) & 0x3f))
  return to
}
