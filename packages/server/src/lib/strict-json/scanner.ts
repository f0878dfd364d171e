import { isUtf8 } from 'node:buffer'
import { KeyLedger } from './key-ledger.ts'
import { StrictJsonError } from './strict-json-error.ts'

/** Where a value stands, as far as anyone watches: a watcher sees members of the message, `params`, `_meta` and `result`. */
export const AT = { nowhere: 0, message: 1, params: 2, meta: 3, result: 4 } as const
export type Place = (typeof AT)[keyof typeof AT]

/** Told of each member at a watched place, before its value is read; answers which place the value itself is. */
export interface MemberWatcher {
  member(place: Place, keyStart: number, keyEnd: number, hash: number, valueStart: number): Place
  /** Told where the value of the member just announced ends. */
  memberEnd(place: Place, valueEnd: number): void
}

export const MAX_DEPTH = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

const HASH_SEED = 0x811c9dc5
const HASH_PRIME = 0x01000193
const LARGEST_DIGITS = 308

/** FNV-1a over bytes, the hash the scanner computes for each key. */
export function hashKey(bytes: Uint8Array): number {
  let hash = HASH_SEED
  for (const byte of bytes) hash = Math.imul(hash ^ byte, HASH_PRIME)
  return hash
}

/**
 * Reads one JSON text byte by byte without building values (RFC 8259), and refuses what parsers disagree on:
 * duplicate keys, `__proto__`, `constructor.prototype`, lone surrogates, numbers beyond a double's range, more than 64
 * levels, invalid UTF-8, anything after the value. Costs about a nanosecond a byte.
 */
export class Scanner {
  #bytes: Buffer
  #position = 0
  #depth = 0
  #keys: KeyLedger
  #watcher: MemberWatcher | undefined
  #escaped = false
  #hash = 0

  constructor(bytes: Buffer, watcher?: MemberWatcher) {
    this.#bytes = bytes
    this.#keys = new KeyLedger(bytes)
    this.#watcher = watcher
  }

  /** Scans the whole text; throws `StrictJsonError`. */
  run(): void {
    if (!isUtf8(this.#bytes)) throw new StrictJsonError('syntax', 'is not valid UTF-8', 0)
    this.#skipSpace()
    this.#value(this.#watcher ? AT.message : AT.nowhere)
    this.#skipSpace()
    if (this.#position !== this.#bytes.length) this.#unexpected()
  }

  #value(place: Place): void {
    const byte = this.#bytes[this.#position]
    if (byte === QUOTE) this.#text()
    else if (byte === OPEN_BRACE) this.#object(place)
    else if (byte === OPEN_BRACKET) this.#array()
    else if (byte === 0x74) this.#literal(0x74727565, 4)
    else if (byte === 0x66) this.#literal(0x616c7365, 5)
    else if (byte === 0x6e) this.#literal(0x6e756c6c, 4)
    else this.#number()
  }

  #object(place: Place): void {
    this.#descend()
    const mark = this.#keys.open()
    this.#position++
    this.#skipSpace()
    if (this.#bytes[this.#position] === CLOSE_BRACE) {
      this.#position++
    } else {
      do this.#member(place, mark)
      while (this.#another(CLOSE_BRACE))
    }
    this.#keys.close(mark)
    this.#depth--
  }

  #member(place: Place, mark: number): void {
    this.#skipSpace()
    if (this.#bytes[this.#position] !== QUOTE) this.#unexpected()
    const keyStart = this.#position + 1
    this.#key()
    const keyEnd = this.#position - 1
    this.#keys.add(mark, keyStart, keyEnd, this.#hash, this.#escaped)
    const hash = this.#hash
    this.#skipSpace()
    if (this.#bytes[this.#position] !== COLON) this.#unexpected()
    this.#position++
    this.#skipSpace()
    if (place === AT.nowhere || this.#watcher === undefined) {
      this.#value(AT.nowhere)
      return
    }
    const inside = this.#watcher.member(place, keyStart, keyEnd, hash, this.#position)
    this.#value(inside)
    this.#watcher.memberEnd(place, this.#position)
  }

  #array(): void {
    this.#descend()
    this.#position++
    this.#skipSpace()
    if (this.#bytes[this.#position] === CLOSE_BRACKET) {
      this.#position++
    } else {
      do {
        this.#skipSpace()
        this.#value(AT.nowhere)
      } while (this.#another(CLOSE_BRACKET))
    }
    this.#depth--
  }

  /** After a member or item: true at a comma, false past the closing byte. */
  #another(close: number): boolean {
    this.#skipSpace()
    const byte = this.#bytes[this.#position]
    if (byte !== COMMA && byte !== close) this.#unexpected()
    this.#position++
    return byte === COMMA
  }

  /** Reads a string value. */
  #text(): void {
    const bytes = this.#bytes
    let position = this.#position + 1
    // NOTE the end of the bytes reads as undefined, which fails the comparison like a control character does.
    for (;;) {
      const byte = bytes[position]!
      if (byte > BACKSLASH || (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH)) {
        position++
      } else if (byte === BACKSLASH) {
        position = this.#escape(position)
      } else {
        this.#position = position
        if (byte !== QUOTE) this.#unexpected()
        this.#position++
        return
      }
    }
  }

  /** Reads a key and leaves the hash of its raw bytes, and whether it holds an escape, behind. */
  #key(): void {
    const bytes = this.#bytes
    const length = bytes.length
    let position = this.#position + 1
    let hash = HASH_SEED
    this.#escaped = false
    while (position < length) {
      const byte = bytes[position]!
      if (byte === QUOTE) {
        this.#position = position + 1
        this.#hash = hash
        return
      }
      if (byte < 0x20) break
      if (byte === BACKSLASH) {
        this.#escaped = true
        position = this.#escape(position)
      } else {
        hash = Math.imul(hash ^ byte, HASH_PRIME)
        position++
      }
    }
    this.#position = position
    this.#unexpected()
  }

  /** Reads one escape, or a surrogate pair of two, starting at the backslash; answers where the string goes on. */
  #escape(position: number): number {
    const kind = this.#bytes[position + 1]
    if (kind !== 0x75) {
      // One of " \ / b f n r t (RFC 8259 §7).
      if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) {
        this.#position = position
        this.#unexpected()
      }
      return position + 2
    }
    const unit = this.#codeUnit(position)
    if (unit < 0xd800 || unit > 0xdfff) return position + 6
    const low = unit < 0xdc00 && this.#bytes[position + 6] === BACKSLASH ? this.#codeUnit(position + 6) : 0
    if (low < 0xdc00 || low > 0xdfff) throw new StrictJsonError('refused', 'holds a lone surrogate', position)
    return position + 12
  }

  #codeUnit(position: number): number {
    let unit = this.#bytes[position + 1] === 0x75 ? 0 : -1
    for (let at = position + 2; at < position + 6 && unit >= 0; at++) {
      const digit = hexDigit(this.#bytes[at] ?? 0)
      unit = digit < 0 ? -1 : unit * 16 + digit
    }
    if (unit < 0) {
      this.#position = position
      this.#unexpected()
    }
    return unit
  }

  #number(): void {
    const start = this.#position
    if (this.#bytes[this.#position] === 0x2d) this.#position++
    const first = this.#bytes[this.#position]
    const integerStart = this.#position
    this.#digits()
    if (first === 0x30 && this.#position > integerStart + 1) this.#unexpected()
    let exponent = false
    if (this.#bytes[this.#position] === 0x2e) {
      this.#position++
      this.#digits()
    }
    if (((this.#bytes[this.#position] ?? 0) | 0x20) === 0x65) {
      exponent = true
      this.#position++
      const sign = this.#bytes[this.#position]
      if (sign === 0x2b || sign === 0x2d) this.#position++
      this.#digits()
    }
    if (exponent || this.#position - start > LARGEST_DIGITS) this.#refuseInfinite(start)
  }

  #digits(): void {
    const start = this.#position
    let byte = this.#bytes[this.#position]!
    while (byte >= 0x30 && byte <= 0x39) byte = this.#bytes[++this.#position]!
    if (this.#position === start) this.#unexpected()
  }

  #refuseInfinite(start: number): void {
    if (Number.isFinite(Number(this.#bytes.toString('latin1', start, this.#position)))) return
    throw new StrictJsonError('refused', 'holds a number beyond the range of a double', start)
  }

  #literal(lastFour: number, length: number): void {
    const end = this.#position + length
    if (end > this.#bytes.length || this.#bytes.readUInt32BE(end - 4) !== lastFour) this.#unexpected()
    this.#position = end
  }

  #skipSpace(): void {
    let byte = this.#bytes[this.#position]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
      byte = this.#bytes[++this.#position]
  }

  #descend(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new StrictJsonError('refused', `is nested more than ${MAX_DEPTH} levels deep`, this.#position)
    }
  }

  #unexpected(): never {
    const at = this.#position
    if (at >= this.#bytes.length) throw new StrictJsonError('syntax', 'ends before its value is complete', at)
    throw new StrictJsonError('syntax', `is not JSON at byte ${at}`, at)
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
