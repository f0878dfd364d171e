const FIRST_BYTES = 512

/** The wire types in use (protobuf encoding). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Writes protobuf into one buffer that grows. A length goes before what it measures: its place is kept, and widened. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  tag(number: number, wireType: number): void {
    this.varint((number << 3) | wireType)
  }

  /** 0…2³²-1. */
  varint(value: number): void {
    this.#reserve(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }

  /** A signed number of 64 bits; a negative one takes ten bytes. */
  int64(value: number): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#length++] = Number(rest)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  string(text: string): void {
    const lengthBytes = Buffer.byteLength(text)
    this.varint(lengthBytes)
    this.#reserve(lengthBytes)
    this.#length += this.#buffer.write(text, this.#length)
  }

  bytes(content: Uint8Array): void {
    this.varint(content.length)
    this.#reserve(content.length)
    this.#buffer.set(content, this.#length)
    this.#length += content.length
  }

  /** Starts what has its length before it; answers what `close` needs. */
  open(): number {
    this.#reserve(1)
    return ++this.#length
  }

  close(start: number): void {
    const lengthBytes = this.#length - start
    let widthBytes = 1
    for (let rest = lengthBytes >>> 7; rest > 0; rest >>>= 7) widthBytes++
    if (widthBytes > 1) {
      this.#reserve(widthBytes - 1)
      this.#buffer.copyWithin(start + widthBytes - 1, start, this.#length)
    }
    this.#length = start - 1
    this.varint(lengthBytes)
    this.#length += lengthBytes
  }

  #reserve(moreBytes: number): void {
    const neededBytes = this.#length + moreBytes
    if (neededBytes <= this.#buffer.length) return
    const wider = Buffer.allocUnsafe(Math.max(neededBytes, this.#buffer.length * 2))
    this.#buffer.copy(wider, 0, 0, this.#length)
    this.#buffer = wider
  }
}
