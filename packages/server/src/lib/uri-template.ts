/** Beyond this no template is worth matching; it also bounds the work below. */
const MAX_LENGTH = 2048

/**
 * True when `uri` could have been made from the template (RFC 6570): its literal parts occur in order, the first at
 * the start and the last at the end. Expressions may stand for anything, so this says who to ask, never who may.
 * Linear in the URI: no regular expression is built from what an upstream sends.
 */
export function matchesTemplate(template: string, uri: string): boolean {
  if (template.length > MAX_LENGTH || uri.length > MAX_LENGTH) return false
  const literals = template.split(/\{[^{}]*\}/)
  if (literals.length === 1) return template === uri
  const first = literals[0]!
  const last = literals.at(-1)!
  if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return false
  let at = first.length
  const end = uri.length - last.length
  for (const literal of literals.slice(1, -1)) {
    const found = uri.indexOf(literal, at)
    if (found < 0 || found + literal.length > end) return false
    at = found + literal.length
  }
  return true
}
