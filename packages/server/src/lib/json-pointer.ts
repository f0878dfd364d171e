/** The value at a JSON Pointer (RFC 6901) that is not the root; undefined when there is none. Inherited names are none. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  let at = value
  for (const token of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at) && !/^(?:0|[1-9]\d*)$/.test(key)) return undefined
    if (!Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
