const MAX_CHARACTERS = 64

/** Characters that show nothing or turn others around: controls, format characters, unassigned and private ones. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}]/gu
const BLANKS = /[\p{Z}\s]+/gu
/** More marks on one letter than any script needs would paint over the lines around the name. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu

/**
 * A client's own name as it may be shown: one line of at most 64 visible characters. It is text and nothing else, for
 * the page to escape, and it proves nothing. Undefined when nothing visible is left.
 */
export function readClientName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const visible = value
    .slice(0, 4096)
    .toWellFormed()
    .replaceAll(BLANKS, ' ')
    .replaceAll(INVISIBLE, '')
    .normalize('NFC')
    .replaceAll(PILED_MARKS, '$1')
  const name = [...visible.trim()].slice(0, MAX_CHARACTERS).join('').trim()
  return name === '' ? undefined : name
}
