import { isUtf8 } from 'node:buffer'
import { FIELDS, isLookalike, type Place } from './fields.ts'
import { SCANNER_MODULE } from './scanner-module.ts'
import { StrictJsonError } from './strict-json-error.ts'

export const MAX_DEPTH = 64

/** The answers of the module's `scan`, as in its `fail.ts`: what the error says, none for plain bad syntax. */
const REFUSALS: readonly (string | undefined)[] = [
  undefined,
  undefined,
  'holds a key twice in the same object',
  'holds the key "__proto__"',
  'holds the keys "constructor" and, in it, "prototype"',
  'holds a lone surrogate',
  'holds a number beyond the range of a double',
  `is nested more than ${MAX_DEPTH} levels deep`,
  'spells a field of the protocol in another way',
]

/** The module needs at most seven bytes for each byte of the text: itself, and the keys of its large objects. */
const ROOM_FACTOR = 8
const PAGE_BYTES = 65_536
/** Far beyond the end of the module's fixed part. */
const FIXED_BYTES = 2 * PAGE_BYTES

interface ScannerExports {
  scan(lengthBytes: number, place: number): number
  watchField(place: number, lengthBytes: number, slot: number, inside: number): void
  readonly TEXT: { readonly value: number }
  readonly SPANS: { readonly value: number }
  readonly ERROR_OFFSET: { readonly value: number }
}

/**
 * Reads JSON texts without building values (RFC 8259), and refuses what parsers disagree on: duplicate keys,
 * `__proto__`, `constructor.prototype`, lone surrogates, numbers beyond a double's range, more than 64 levels, invalid
 * UTF-8, anything after the value. The work is done in WebAssembly, in memory of its own; see decisions/003.
 */
export class TextScanner {
  readonly #heap: Buffer
  readonly #exports: ScannerExports
  readonly #text: number
  readonly #spans: Int32Array
  readonly #errorOffset: Int32Array
  #bytes: Buffer = NOTHING
  #keySets = new Map<number, Set<string>>()

  /** Makes room for texts of up to this many bytes; memory is only taken up where a text needs it. */
  constructor(module: WebAssembly.Module, capacityBytes: number) {
    const pages = Math.ceil((FIXED_BYTES + capacityBytes * ROOM_FACTOR) / PAGE_BYTES)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const instance = new WebAssembly.Instance(module, { env: { memory }, host: this.#host() })
    this.#exports = instance.exports as unknown as ScannerExports
    this.#heap = Buffer.from(memory.buffer)
    this.#text = this.#exports.TEXT.value
    this.#spans = new Int32Array(memory.buffer, this.#exports.SPANS.value, FIELDS.length * 2)
    this.#errorOffset = new Int32Array(memory.buffer, this.#exports.ERROR_OFFSET.value, 1)
    this.#watchFields()
  }

  /**
   * Scans a whole text; throws `StrictJsonError`. With the place of a message, answers where its fields stand: start
   * and end for each slot, -1 where there is none. The answer is overwritten by the next scan.
   */
  scan(bytes: Buffer, place: Place): Int32Array {
    if (!isUtf8(bytes)) throw new StrictJsonError('syntax', 'is not valid UTF-8', 0)
    this.#heap.set(bytes, this.#text)
    this.#bytes = bytes
    const outcome = this.#exports.scan(bytes.length, place)
    this.#bytes = NOTHING
    if (this.#keySets.size > 0) this.#keySets.clear()
    if (outcome !== 0) throw this.#error(outcome, bytes.length)
    return this.#spans
  }

  /** The rare questions that the module asks: see its `host.ts`. */
  #host(): Record<string, WebAssembly.ImportValue> {
    return {
      isFinite: (start: number, end: number) =>
        Number.isFinite(Number(this.#bytes.toString('latin1', start, end))),
      isLookalike: (place: Place, start: number, end: number) =>
        isLookalike(place, JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) as string),
      openKeySet: (level: number) => void this.#keySets.set(level, new Set()),
      addKey: (level: number, start: number, end: number) => {
        const keys = this.#keySets.get(level)!
        return keys.size < keys.add(this.#heap.toString('utf8', start, end)).size
      },
    }
  }

  #error(outcome: number, lengthBytes: number): StrictJsonError {
    const offset = this.#errorOffset[0]!
    const refusal = REFUSALS[outcome]
    if (refusal !== undefined) return new StrictJsonError('refused', refusal, offset)
    const isCut = offset >= lengthBytes
    return new StrictJsonError(
      'syntax',
      isCut ? 'ends before its value is complete' : `is not JSON at byte ${offset}`,
      offset,
    )
  }

  #watchFields(): void {
    for (const field of FIELDS) {
      const key = Buffer.from(field.key)
      this.#heap.set(key, this.#text)
      this.#exports.watchField(field.place, key.length, field.slot, field.inside)
    }
  }
}

const NOTHING = Buffer.alloc(0)

/** Larger texts are rare, and get a scanner whose memory goes with them. */
const SHARED_CAPACITY_BYTES = 1_048_576

// The one thing at module level that changes: compiling takes longer than a scan, and a scan leaves nothing behind.
let shared: { module: WebAssembly.Module; scanner: TextScanner } | undefined

/** A scanner for a text of this size; use its answer before anything else is scanned. */
export function textScanner(lengthBytes: number): TextScanner {
  shared ??= openShared()
  return lengthBytes > SHARED_CAPACITY_BYTES ? new TextScanner(shared.module, lengthBytes) : shared.scanner
}

function openShared(): { module: WebAssembly.Module; scanner: TextScanner } {
  const module = new WebAssembly.Module(Buffer.from(SCANNER_MODULE, 'base64'))
  return { module, scanner: new TextScanner(module, SHARED_CAPACITY_BYTES) }
}
