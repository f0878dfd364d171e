/** The steps of a JSON Pointer (RFC 6901 §4) that is not the root. */
export function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value at a pointer's steps; undefined when there is none. Inherited names are none. */
export function valueAtSteps(value: unknown, steps: readonly string[]): unknown {
  let at = value
  for (const key of steps) {
    if (typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at) && !/^(?:0|[1-9]\d*)$/.test(key)) return undefined
    if (!Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

export function valueAtPointer(value: unknown, pointer: string): unknown {
  return valueAtSteps(value, parsePointer(pointer))
}
