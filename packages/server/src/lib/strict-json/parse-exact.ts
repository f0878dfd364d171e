/** Digits enough for a number that a double may not hold exactly; text with such a run only costs more time. */
const LONG_NUMBER = /[0-9.]{16,}/

interface SourceAccess {
  parse(text: string, revive: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

/**
 * `JSON.parse` of a text that is known to be JSON, except that a number which is not exactly a double stays as it is
 * written: as the object that `JSON.stringify` writes back unchanged (ECMAScript, JSON.rawJSON). What is passed on
 * between two parties must not change on the way.
 */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as unknown
  const { parse, rawJSON } = JSON as unknown as SourceAccess
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(value, source) ? rawJSON(source) : value,
  )
}

const EXACT_DIGITS = 15

function isExact(value: number, source: string): boolean {
  return String(value) === source || source.replace(/e.*|[-.]/gi, '').length <= EXACT_DIGITS
}
