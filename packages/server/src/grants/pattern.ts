/** Whether the pattern, an exact name or one that ends in `*`, names the capability. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}

/** Whether everything that `inner` names is named by `outer` too. */
export function isPatternWithin(inner: string, outer: string): boolean {
  if (!outer.endsWith('*')) return inner === outer
  const start = outer.slice(0, -1)
  return (inner.endsWith('*') ? inner.slice(0, -1) : inner).startsWith(start)
}
