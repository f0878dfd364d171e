import { leadsUpward } from './leads-upward.ts'

/** Whether the pattern, an exact name or one that ends in `*`, names the capability. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? beginsWith(name, pattern.slice(0, -1)) : pattern === name
}

/** Whether the name has this beginning. A resource whose URI leads upward does not stay below the URI it begins with. */
export function beginsWith(name: string, start: string): boolean {
  if (!name.startsWith(start)) return false
  return !name.startsWith('resource:') || !saysPath(start) || !leadsUpward(name)
}

/** Whether everything that `inner` names is named by `outer` too. */
export function isPatternWithin(inner: string, outer: string): boolean {
  if (!outer.endsWith('*')) return inner === outer
  const start = outer.slice(0, -1)
  return inner.endsWith('*') ? inner.slice(0, -1).startsWith(start) : beginsWith(inner, start)
}

/** Whether a beginning goes on after the owner: `resource:files/file:///docs/`. */
function saysPath(start: string): boolean {
  const slash = start.indexOf('/')
  return slash !== -1 && slash < start.length - 1
}
