/** Deeper values are refused rather than overflowing the stack; the strict JSON reader stops at 64. */
const MAX_DEPTH = 128

/**
 * The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): keys in UTF-16 order, numbers and strings
 * as ECMAScript writes them, no white space. Properties whose value is `undefined` are left out, as `JSON.stringify`
 * does; `toJSON` is not called. Throws TypeError for anything that has no exact JSON form: non-finite numbers, lone
 * surrogates, bigints, functions, class instances, `undefined` in arrays, and nesting beyond 128 levels (cycles too).
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('A non-finite number has no JSON form')
      // RFC 8785 §3.2.2.3 takes ECMAScript's own number format, which also makes -0 into 0.
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth >= MAX_DEPTH) throw new TypeError(`JSON deeper than ${MAX_DEPTH} levels is not canonicalised`)
      return Array.isArray(value) ? writeArray(value, depth) : writeObject(value, depth)
    default:
      throw new TypeError(`A ${typeof value} has no JSON form`)
  }
}

function writeString(value: string): string {
  // RFC 8785 §3.2.2.2: lone surrogates are an error; JSON.stringify would escape them instead.
  if (!value.isWellFormed()) throw new TypeError('A string with a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = '['
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text += ','
    text += write(items[index], depth + 1)
  }
  return `${text}]`
}

function writeObject(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('Only plain objects have a JSON form')
  const record = value as Record<string, unknown>
  let text = '{'
  // The default sort compares UTF-16 code units, which is what RFC 8785 §3.2.3 asks for.
  for (const key of Object.keys(record).toSorted()) {
    const member = record[key]
    if (member === undefined) continue
    if (text.length > 1) text += ','
    text += `${writeString(key)}:${write(member, depth + 1)}`
  }
  return `${text}}`
}
