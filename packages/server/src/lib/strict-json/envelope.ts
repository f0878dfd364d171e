import { parseExactly } from '../exact-numbers.ts'
import { AT, Scanner, hashKey, type MemberWatcher, type Place } from './scanner.ts'
import { StrictJsonError } from './strict-json-error.ts'

/** The part of a text from byte `start` up to, but not including, byte `end`; both -1 when it is absent. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A notification's own `progressToken`, beside a request's in `_meta`. */
const NOTIFIED_TOKEN = 'params.progressToken'

const FIELDS = {
  [AT.message]: ['jsonrpc', 'id', 'method', 'params', 'result', 'error'],
  [AT.params]: [
    'name',
    'uri',
    '_meta',
    'arguments',
    'requestState',
    'inputResponses',
    'requestId',
    'notifications',
    NOTIFIED_TOKEN,
  ],
  [AT.meta]: [
    'io.modelcontextprotocol/protocolVersion',
    'io.modelcontextprotocol/clientCapabilities',
    'io.modelcontextprotocol/clientInfo',
    'io.modelcontextprotocol/logLevel',
    'progressToken',
    'traceparent',
  ],
  [AT.result]: ['resultType', 'isError'],
} as const

type FieldName =
  | (typeof FIELDS)[typeof AT.message][number]
  | (typeof FIELDS)[typeof AT.params][number]
  | (typeof FIELDS)[typeof AT.meta][number]
  | (typeof FIELDS)[typeof AT.result][number]

interface Field {
  readonly name: FieldName
  readonly bytes: Buffer
  readonly slot: number
  readonly inside: Place
}

/**
 * What routing needs of one JSON-RPC message, found without parsing the rest: where the fields stand, and their
 * text on demand. The bytes have been checked to the last one, so a later `JSON.parse` of any span cannot fail.
 */
export class Envelope implements MemberWatcher {
  readonly bytes: Buffer
  #spans: number[] = NO_SPANS.slice()
  #slot = [-1, -1, -1, -1, -1]

  constructor(bytes: Buffer) {
    this.bytes = bytes
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

  /** The field's text when its value is a string, otherwise undefined. */
  string(name: FieldName): string | undefined {
    const slot = SLOTS.get(name)! * 2
    const start = this.#spans[slot]!
    if (start < 0 || this.bytes[start] !== 0x22) return undefined
    const end = this.#spans[slot + 1]!
    const text = this.bytes.toString('utf8', start + 1, end - 1)
    return text.includes('\\') ? (JSON.parse(this.bytes.toString('utf8', start, end)) as string) : text
  }

  /** The field's value, parsed; undefined when the message has none. */
  value(name: FieldName): unknown {
    const span = this.span(name)
    return span && parseExactly(this.bytes.toString('utf8', span.start, span.end))
  }

  // oxlint-disable-next-line max-params -- called once per member: an object would cost more than the look-up
  member(place: Place, keyStart: number, keyEnd: number, hash: number, valueStart: number): Place {
    const field = this.#find(place, keyStart, keyEnd, hash)
    if (!field) {
      this.#slot[place] = -1
      return AT.nowhere
    }
    this.#slot[place] = field.slot
    this.#spans[field.slot * 2] = valueStart
    return field.inside
  }

  memberEnd(place: Place, valueEnd: number): void {
    const slot = this.#slot[place]!
    if (slot >= 0) this.#spans[slot * 2 + 1] = valueEnd
  }

  #find(place: Place, keyStart: number, keyEnd: number, hash: number): Field | undefined {
    const field = BY_HASH[place]!.get(hash)
    if (field && keyEnd - keyStart === field.bytes.length) {
      if (standsAt(this.bytes, keyStart, field.bytes)) return field
    }
    if (place !== AT.meta) this.#refuseLookalike(place, keyStart, keyEnd)
    return undefined
  }

  /**
   * A key that only a lax parser would take for a routing field ("Method", "paramſ") could make a server act on
   * another value than the one decided on.
   */
  #refuseLookalike(place: Place, keyStart: number, keyEnd: number): void {
    const length = keyEnd - keyStart
    if (length > LONGEST_LOOKALIKE_BYTES) return
    const starts = STARTS[place]![length] ?? ''
    if (isPlain(this.bytes, keyStart, keyEnd) && !starts.includes(lowerAt(this.bytes, keyStart))) return
    const key = JSON.parse(this.bytes.toString('utf8', keyStart - 1, keyEnd + 1)) as string
    if (FOLDED[place]!.has(fold(key))) {
      throw new StrictJsonError('refused', 'spells a field of the protocol in another way', keyStart)
    }
  }
}

/** Scans one JSON-RPC message. Throws `StrictJsonError`; an array (a batch) or a bare value has no fields at all. */
export function scanEnvelope(bytes: Buffer): Envelope {
  const envelope = new Envelope(bytes)
  new Scanner(bytes, envelope).run()
  return envelope
}

const LONGEST_LOOKALIKE_BYTES = 96

function standsAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false
  return true
}

/** ASCII without escapes: then a lookalike has the length of what it looks like. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80 || bytes[at] === 0x5c) return false
  return true
}

function lowerAt(bytes: Buffer, at: number): string {
  return String.fromCharCode(bytes[at]! | 0x20)
}

/** Case folding that also catches ſ → s and the Kelvin sign → k. */
function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase()
}

const INSIDE: Readonly<Record<string, Place>> = { params: AT.params, _meta: AT.meta, result: AT.result }
const SLOTS = new Map<FieldName, number>()
const BY_HASH: Map<number, Field>[] = [new Map(), new Map(), new Map(), new Map(), new Map()]
/** By length, the first letters of the fields. */
const STARTS: string[][] = [[], [], [], [], []]
const FOLDED: Set<string>[] = [new Set(), new Set(), new Set(), new Set(), new Set()]
for (const place of [AT.message, AT.params, AT.meta, AT.result]) {
  for (const name of FIELDS[place]) {
    const key = name === NOTIFIED_TOKEN ? 'progressToken' : name
    const bytes = Buffer.from(key)
    const slot = SLOTS.size
    SLOTS.set(name, slot)
    const inside = INSIDE[name] ?? AT.nowhere
    BY_HASH[place]!.set(hashKey(bytes), { name, bytes, slot, inside })
    FOLDED[place]!.add(fold(key))
    STARTS[place]![key.length] = (STARTS[place]![key.length] ?? '') + key.charAt(0)
  }
}
const NO_SPANS: readonly number[] = Array.from({ length: SLOTS.size * 2 }, () => -1)
