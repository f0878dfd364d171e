/** Where a field stands: a member of the message itself, of its `params`, of their `_meta`, or of its `result`. */
export const AT = { nowhere: 0, message: 1, params: 2, meta: 3, result: 4 } as const
export type Place = (typeof AT)[keyof typeof AT]

/** A notification's own `progressToken`, beside a request's in `_meta`. */
const NOTIFIED_TOKEN = 'params.progressToken'

const NAMES = {
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

export type FieldName = (typeof NAMES)[keyof typeof NAMES][number]

/** A member that the scan notes the place of. */
export interface Field {
  readonly name: FieldName
  readonly key: string
  readonly place: Place
  readonly slot: number
  /** What its value is the place of, when that is an object. */
  readonly inside: Place
}

const INSIDE: Readonly<Record<string, Place>> = { params: AT.params, _meta: AT.meta, result: AT.result }

/** Every field, in the order of its slot. */
export const FIELDS: readonly Field[] = [AT.message, AT.params, AT.meta, AT.result]
  .flatMap((place) => NAMES[place].map((name: FieldName) => ({ name, place })))
  .map(({ name, place }, slot) => ({
    name,
    key: name === NOTIFIED_TOKEN ? 'progressToken' : name,
    place,
    slot,
    inside: INSIDE[name] ?? AT.nowhere,
  }))

const FOLDED: readonly Set<string>[] = Object.values(AT).map(
  (place) => new Set(FIELDS.filter((field) => field.place === place).map((field) => fold(field.key))),
)

/**
 * Whether only a lax parser would take the key for a field of this place ("Method", "paramſ"): a server could then act
 * on another value than the one decided on. The key is none of the fields themselves.
 */
export function isLookalike(place: Place, key: string): boolean {
  return FOLDED[place]!.has(fold(key))
}

/** Case folding that also catches ſ → s and the Kelvin sign → k. */
function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase()
}
