import { AT, FIELDS, type FieldName } from './fields.ts'
import { parseExactly } from '../exact-numbers.ts'
import { textScanner } from './text-scanner.ts'

/** The part of a text from byte `start` up to, but not including, byte `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SLOTS: ReadonlyMap<FieldName, number> = new Map(FIELDS.map(({ name, slot }) => [name, slot]))
const BLANK: readonly number[] = FIELDS.flatMap(() => [-1, -1])

/**
 * What routing needs of one JSON-RPC message, found without parsing the rest: where the fields stand, and their
 * text on demand. The bytes have been checked to the last one, so a later `JSON.parse` of any span cannot fail.
 */
export class Envelope {
  readonly bytes: Buffer
  readonly #spans: readonly number[]

  /** `spans` holds start and end for each slot of `FIELDS`, -1 where the message has no such field. */
  constructor(bytes: Buffer, spans: readonly number[]) {
    this.bytes = bytes
    this.#spans = spans
  }

  /** Where the field's value stands, quotes included; undefined when the message has none. */
  span(name: FieldName): Span | undefined {
    const slot = SLOTS.get(name)! * 2
    const start = this.#spans[slot]!
    return start < 0 ? undefined : { start, end: this.#spans[slot + 1]! }
  }

  has(name: FieldName): boolean {
    return this.#spans[SLOTS.get(name)! * 2]! >= 0
  }

  /** How many bytes the field's value takes, quotes included; 0 when the message has none. */
  sizeBytes(name: FieldName): number {
    const slot = SLOTS.get(name)! * 2
    return this.#spans[slot + 1]! - this.#spans[slot]!
  }

  /** The field's text when its value is a string, otherwise undefined. */
  string(name: FieldName): string | undefined {
    const slot = SLOTS.get(name)! * 2
    const start = this.#spans[slot]!
    if (start < 0 || this.bytes[start] !== QUOTE) return undefined
    const end = this.#spans[slot + 1]!
    const text = this.bytes.toString('utf8', start + 1, end - 1)
    return text.includes('\\') ? (JSON.parse(this.bytes.toString('utf8', start, end)) as string) : text
  }

  /** Whether the field is a string with this text; false for any text beyond ASCII. Seldom decodes anything. */
  is(name: FieldName, text: string): boolean {
    const slot = SLOTS.get(name)! * 2
    const start = this.#spans[slot]!
    if (start < 0 || this.bytes[start] !== QUOTE) return false
    const length = this.#spans[slot + 1]! - start - 2
    for (let at = 0; at < length; at++) {
      const byte = this.bytes[start + 1 + at]!
      if (byte === BACKSLASH) return this.string(name) === text
      // What stands before an escape stands for itself, so a difference there is one of the texts.
      if (byte !== text.charCodeAt(at) || byte > 0x7f) return false
    }
    return length === text.length
  }

  /** The field's value, parsed as by `parseExactly`; undefined when the message has none. */
  value(name: FieldName): unknown {
    const span = this.span(name)
    return span && parseExactly(this.bytes.toString('utf8', span.start, span.end))
  }
}

/** Scans one JSON-RPC message. Throws `StrictJsonError`; an array (a batch) or a bare value has no fields at all. */
export function scanEnvelope(bytes: Buffer): Envelope {
  const found = textScanner(bytes.length).scan(bytes, AT.message)
  // A plain array of small integers is made several times faster than a copy of the typed one.
  const spans = BLANK.slice()
  for (let at = 0; at < spans.length; at++) spans[at] = found[at]!
  return new Envelope(bytes, spans)
}
