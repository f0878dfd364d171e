/** A number as text, which `JSON.stringify` writes as it stands (ECMA-262, JSON.rawJSON). */
export interface RawNumber {
  readonly rawJSON: string
}

interface ExactJson {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
}

const json = JSON as unknown as ExactJson

/** Fewer significant digits always survive a double; what looks longer is compared one by one. */
const MAY_BE_INEXACT = /[\d.]{16}/

/**
 * Parses JSON so that writing it again gives the numbers that were sent: one that a double would round becomes a
 * `RawNumber`, every other a number. The text must have passed the strict scan.
 */
export function parseExactly(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return JSON.parse(text)
  return json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(source, value)
      ? json.rawJSON(source)
      : value,
  )
}

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value)
}

/** Whether the double is the very number that was written, or its shortest spelling was. */
function isExact(source: string, value: number): boolean {
  return significant(source) === significant(String(value))
}

/** Digits without sign, point, exponent and outer zeros: equal for two spellings of one magnitude-free value. */
function significant(text: string): string {
  const [mantissa = ''] = text.toLowerCase().split('e')
  return mantissa.replace(/[-.]/g, '').replace(/^0+|0+$/g, '')
}
