/** One changed place: a JSON Pointer (RFC 6901) and the values there; a value that is not there is `undefined`. */
export interface JsonDifference {
  readonly pointer: string
  readonly before: unknown
  readonly after: unknown
}

const MAX_DIFFERENCES = 200
const MAX_VALUE_LENGTH = 4000

/**
 * What changed between two JSON values, deepest place first named, at most 200 places. Arrays are compared index by
 * index. A value whose JSON is longer than 4,000 characters is cut and given as text, so that a view stays readable.
 */
export function diffJson(before: unknown, after: unknown): JsonDifference[] {
  const found: JsonDifference[] = []
  compare(before, after, '', found)
  return found
}

function compare(before: unknown, after: unknown, pointer: string, found: JsonDifference[]): void {
  if (found.length >= MAX_DIFFERENCES || Object.is(before, after)) return
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    if (before === 0 && after === 0) return
    found.push({ pointer, before: shorten(before), after: shorten(after) })
    return
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  for (const key of keys) {
    compare(member(before, key), member(after, key), `${pointer}/${escapeToken(key)}`, found)
  }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function member(container: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined
}

/** RFC 6901 §3. */
function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function shorten(value: unknown): unknown {
  if (value === undefined) return undefined
  const text = JSON.stringify(value)
  return text.length <= MAX_VALUE_LENGTH
    ? value
    : `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters)`
}
