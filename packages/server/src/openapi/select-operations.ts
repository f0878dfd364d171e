import type { Operation } from './read-operations.ts'

/** Which operations of a document become tools. Patterns are operation ids or `METHOD /path`, with `*` for anything. */
export interface Selection {
  /** Only operations with one of these tags. */
  readonly tags?: readonly string[] | undefined
  /** Only these, or, beside tags, these too. */
  readonly include?: readonly string[] | undefined
  /** Never these. */
  readonly exclude?: readonly string[] | undefined
  /** Deprecated operations too; they are left out otherwise. */
  readonly deprecated?: boolean | undefined
}

/** The predicate of a selection: does this operation become a tool? */
export function selectOperations(selection: Selection): (operation: Operation) => boolean {
  const tags = new Set(selection.tags?.map((tag) => tag.toLowerCase()))
  const include = selection.include?.map(toMatcher) ?? []
  const exclude = selection.exclude?.map(toMatcher) ?? []
  const takesAll = tags.size === 0 && include.length === 0
  return (operation) => {
    if (exclude.some((matches) => matches(operation))) return false
    const isNamed = include.some((matches) => matches(operation))
    if (operation.deprecated && selection.deprecated !== true && !isNamed) return false
    return takesAll || isNamed || operation.tags.some((tag) => tags.has(tag.toLowerCase()))
  }
}

function toMatcher(pattern: string): (operation: Operation) => boolean {
  const parts = pattern.split('*')
  return ({ operationId, method, path }) =>
    (operationId !== undefined && matchesParts(operationId, parts)) ||
    matchesParts(`${method} ${path}`, parts)
}

/** `*` stands for any text. Without regular expressions, so that no pattern can take long. */
function matchesParts(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  if (!text.startsWith(first)) return false
  const last = rest.pop()
  if (last === undefined) return text === first
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - at >= last.length && text.endsWith(last)
}
