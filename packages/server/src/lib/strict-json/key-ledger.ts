import { StrictJsonError } from './strict-json-error.ts'

/** Beyond this many keys an object's duplicates are looked up in a set instead of one by one. */
const LINEAR_KEYS = 24

const PROTO = Buffer.from('__proto__')
const PROTOTYPE = Buffer.from('prototype')
const CONSTRUCTOR = Buffer.from('constructor')

/**
 * The keys of the objects that are open during a scan, innermost last: refuses a second key of the same name and
 * the names that reach a prototype. Keys are compared by hash, then by their decoded characters.
 */
export class KeyLedger {
  #bytes: Buffer
  #hashes: number[] = []
  #starts: number[] = []
  #ends: number[] = []
  #decoded: (string | undefined)[] = []
  #count = 0
  #large: (Set<string> | undefined)[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Opens an object; the mark closes it again. */
  open(): number {
    return this.#count
  }

  close(mark: number): void {
    this.#count = mark
    if (this.#large.length > 0) this.#large[mark] = undefined
  }

  // oxlint-disable-next-line max-params -- called once per key: an object would cost more than the check
  add(mark: number, start: number, end: number, rawHash: number, escaped: boolean): void {
    const decoded = escaped ? this.#decode(start, end) : undefined
    const hash = decoded === undefined ? rawHash : -1
    this.#refusePrototype(mark, start, end, decoded)
    const size = this.#count - mark
    if (size >= LINEAR_KEYS || decoded !== undefined || this.#large[mark]) {
      this.#addToSet(mark, decoded ?? this.#decode(start, end), start)
    } else {
      for (let at = mark; at < this.#count; at++) {
        if (this.#hashes[at] === hash && this.#sameBytes(at, start, end)) this.#refuseDuplicate(start)
      }
    }
    const at = this.#count++
    this.#hashes[at] = hash
    this.#starts[at] = start
    this.#ends[at] = end
    this.#decoded[at] = decoded
  }

  #addToSet(mark: number, key: string, start: number): void {
    let set = this.#large[mark]
    if (!set) {
      set = new Set()
      for (let at = mark; at < this.#count; at++) {
        set.add(this.#decoded[at] ?? this.#decode(this.#starts[at]!, this.#ends[at]!))
      }
      this.#large[mark] = set
    }
    if (set.has(key)) this.#refuseDuplicate(start)
    set.add(key)
  }

  #sameBytes(at: number, start: number, end: number): boolean {
    const otherStart = this.#starts[at]!
    if (this.#ends[at]! - otherStart !== end - start) return false
    return this.#bytes.compare(this.#bytes, start, end, otherStart, this.#ends[at]!) === 0
  }

  /** `__proto__` anywhere, and `prototype` directly inside `constructor`. */
  #refusePrototype(mark: number, start: number, end: number, decoded: string | undefined): void {
    const length = decoded === undefined ? end - start : decoded.length
    if (length !== 9) return
    if (this.#is(PROTO, start, end, decoded)) {
      throw new StrictJsonError('refused', 'holds the key "__proto__"', start)
    }
    const parent = mark - 1
    if (parent < 0 || !this.#is(PROTOTYPE, start, end, decoded)) return
    if (this.#is(CONSTRUCTOR, this.#starts[parent]!, this.#ends[parent]!, this.#decoded[parent])) {
      throw new StrictJsonError('refused', 'holds the keys "constructor" and, in it, "prototype"', start)
    }
  }

  #is(name: Buffer, start: number, end: number, decoded: string | undefined): boolean {
    if (decoded !== undefined) return decoded === name.toString('latin1')
    return end - start === name.length && this.#bytes.compare(name, 0, name.length, start, end) === 0
  }

  #decode(start: number, end: number): string {
    return JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) as string
  }

  #refuseDuplicate(start: number): never {
    throw new StrictJsonError('refused', 'holds a key twice in the same object', start)
  }
}
