import { isUtf8 } from 'node:buffer'
import { ParleyError } from '@parley/contract'
import { WIRE } from './proto-writer.ts'

const MAX_FIELD_NUMBER = 2 ** 29 - 1

/** Far more than a message needs, and far less than two bytes each could ask of the memory. */
const MAX_VALUES = 500_000

/** Reads protobuf out of hostile bytes, always within the message that is open. Throws `invalid_params`. */
export class ProtoReader {
  readonly #bytes: Buffer
  #at = 0
  #end: number
  #valuesLeft = MAX_VALUES

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#end = bytes.length
  }

  get hasMore(): boolean {
    return this.#at < this.#end
  }

  /** Number × 8 + wire type. */
  tag(): number {
    const tag = this.uint32()
    const number = tag >>> 3
    if (number === 0 || number > MAX_FIELD_NUMBER) throw malformed('a field has the number 0')
    return tag
  }

  /** The low 32 bits of a varint, as readers of 32-bit fields take it. */
  uint32(): number {
    let value = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      if (index < 5) value |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) return value >>> 0
    }
    throw malformed('a number has more than ten bytes')
  }

  bool(): boolean {
    return this.#varint64() !== 0n
  }

  int64(): number {
    return Number(BigInt.asIntN(64, this.#varint64()))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  string(): string {
    return this.#text(this.#lengthBytes())
  }

  #text(length: number): string {
    const start = this.#skip(length)
    const text = this.#bytes.toString('utf8', start, this.#at)
    // The decoder writes U+FFFD for what is no UTF-8; only then it is looked at again.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, this.#at)))
      throw malformed('a string is not UTF-8')
    return text
  }

  /** The text that is the whole of the open message. */
  rest(): string {
    return this.#text(this.#end - this.#at)
  }

  bytes(): Buffer {
    const length = this.#lengthBytes()
    const start = this.#skip(length)
    return this.#bytes.subarray(start, this.#at)
  }

  /** Goes into a message with its length before it; answers what `leave` needs. */
  enter(): number {
    if (--this.#valuesLeft < 0) throw malformed(`it holds more than ${MAX_VALUES} values`)
    const length = this.#lengthBytes()
    const outer = this.#end
    if (length > outer - this.#at) throw endsEarly()
    this.#end = this.#at + length
    return outer
  }

  leave(outer: number): void {
    this.#end = outer
  }

  /** Passes over a field that nobody knows (specification §5.7). Groups are none of proto3. */
  skipField(wireType: number): void {
    switch (wireType) {
      case WIRE.varint:
        this.uint32()
        break
      case WIRE.fixed64:
        this.#skip(8)
        break
      case WIRE.bytes:
        this.#skip(this.#lengthBytes())
        break
      case WIRE.fixed32:
        this.#skip(4)
        break
      default:
        throw malformed(`it has the wire type ${wireType}`)
    }
  }

  #lengthBytes(): number {
    return this.uint32()
  }

  #varint64(): bigint {
    let value = 0n
    for (let index = 0n; index < 10n; index++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << (7n * index)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw malformed('a number has more than ten bytes')
  }

  #byte(): number {
    if (this.#at >= this.#end) throw endsEarly()
    return this.#bytes[this.#at++]!
  }

  /** The place before what is skipped. */
  #skip(lengthBytes: number): number {
    if (lengthBytes > this.#end - this.#at) throw endsEarly()
    const start = this.#at
    this.#at += lengthBytes
    return start
  }
}

export function malformed(why: string): ParleyError {
  return new ParleyError('invalid_params', `The message is no protobuf of A2A: ${why}.`)
}

function endsEarly(): ParleyError {
  return malformed('it ends in the middle of a field')
}
